// libprotobuf's own JSON: google::protobuf::util over a type resolver of the same descriptors.
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <memory>
#include <string>

#include "bench.h"

namespace pb = google::protobuf;

namespace {

constexpr char kPrefix[] = "type.googleapis.com";

struct Contestant {
    pb::DescriptorPool pool;
    std::unique_ptr<pb::util::TypeResolver> resolver;
    std::string url, wire, json;
};

bool taken(const pb::util::Status &status, const std::string &from, bench_bytes *out)
{
    *out = {from.data(), from.size()};
    return status.ok();
}

} // namespace

void *bench_libprotobuf_new(bench_bytes descriptors, const char *message)
{
    pb::FileDescriptorSet set;
    auto contestant = std::make_unique<Contestant>();
    if (!set.ParseFromArray(descriptors.ptr, static_cast<int>(descriptors.len)))
        return nullptr;
    for (const auto &file : set.file())
        if (!contestant->pool.BuildFile(file))
            return nullptr;
    if (!contestant->pool.FindMessageTypeByName(message))
        return nullptr;
    contestant->resolver.reset(pb::util::NewTypeResolverForDescriptorPool(kPrefix, &contestant->pool));
    contestant->url = std::string(kPrefix) + "/" + message;
    return contestant.release();
}

bool bench_libprotobuf_json_to_wire(void *contestant, bench_bytes in, bench_bytes *out)
{
    auto *c = static_cast<Contestant *>(contestant);
    c->wire.clear();
    auto status = pb::util::JsonToBinaryString(c->resolver.get(), c->url, {in.ptr, in.len}, &c->wire);
    return taken(status, c->wire, out);
}

bool bench_libprotobuf_wire_to_json(void *contestant, bench_bytes in, bench_bytes *out)
{
    auto *c = static_cast<Contestant *>(contestant);
    c->json.clear();
    // BinaryToJsonString takes a std::string; the caller's bytes are kept in one across calls.
    if (c->wire.size() != in.len || c->wire.compare(0, in.len, in.ptr, in.len) != 0)
        c->wire.assign(in.ptr, in.len);
    auto status = pb::util::BinaryToJsonString(c->resolver.get(), c->url, c->wire, &c->json);
    return taken(status, c->json, out);
}
