#!/usr/bin/env python3
"""Writes vectors.txt: what Google's own implementation (python3-protobuf) makes of JSON texts and messages.

    /usr/bin/python3 tests/unit/transcode/make_vectors.py > tests/unit/transcode/vectors.txt

One vector a line, fields separated by tabs: message type, JSON in, wire bytes in hexadecimal, JSON out, JSON out with defaults
(proto3 only, else "-"). An empty wire is "-". JSON out is compact. Maps have one entry, for their order is anyone's.
"""
import decimal
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, json_format, message_factory

HERE = os.path.dirname(os.path.abspath(__file__))

CASES = r'''
{}
{"fInt32": 1.0}
{"fInt32": 1e2}
{"fInt32": "12"}
{"fInt32": 2147483647.0}
{"fInt32": -2147483648}
{"fInt32": 0}
{"fUint32": 4294967295}
{"fInt64": 9223372036854775807}
{"fInt64": "-9223372036854775808"}
{"fUint64": 18446744073709551615}
{"fUint64": "18446744073709551615"}
{"fSint32": -2147483648}
{"fSint64": "-9223372036854775808"}
{"fFixed32": 4294967295}
{"fSfixed32": -2147483648}
{"fFixed64": "18446744073709551615"}
{"fSfixed64": "-9223372036854775808"}
{"fFloat": "NaN"}
{"fFloat": "-Infinity"}
{"fFloat": 1.175494e-38}
{"fFloat": 0.1}
{"fDouble": 1e-7}
{"fDouble": 123456789012345680000}
{"fDouble": 5e-324}
{"fDouble": "1.5"}
{"fDouble": -0.0}
{"fBool": true}
{"fBool": false}
{"fString": ""}
{"fString": "\u0000\u001f\"\\/\b\f\n\r\t\u007f\u00e9\u6f22\ud83d\ude00"}
{"fBytes": "AQI="}
{"fBytes": "AQI"}
{"fBytes": "-_-_"}
{"fColor": "RED"}
{"fColor": 1}
{"fColor": 123}
{"fColor": -3}
{"rInt32": [1, 2, "3", -1]}
{"rInt32": []}
{"rInt32": null}
{"rBool": [true, false]}
{"rString": ["", "a"]}
{"rBytes": ["", "AA=="]}
{"rColor": ["RED", 0, 77]}
{"rUnpacked": [1, 2]}
{"rLeaf": [{}, {"id": 1}, {"children": [{}, {"name": "x"}]}]}
{"fLeaf": {}}
{"fLeaf": null}
{"oInt32": 0, "oString": "", "oBytes": "", "oBool": false, "oDouble": 0, "oColor": 0}
{"mString": {"": ""}}
{"mString": {"a": "b"}}
{"mInt32": {"-1": 0}}
{"mBool": {"true": false}}
{"mBool": {"false": true}}
{"mUint64": {"18446744073709551615": "18446744073709551615"}}
{"mSint64": {"-9223372036854775808": "-9223372036854775808"}}
{"mFixed32": {"1": 1}}
{"mSfixed64": {"-1": "-1"}}
{"mBytes": {"k": "AA=="}}
{"mDouble": {"k": "NaN"}}
{"mColor": {"k": "GREEN"}}
{"mLeaf": {"k": {"child": {"id": 3}}}}
{"mValue": {"k": null}}
{"mTimestamp": {"k": "1970-01-01T00:00:01Z"}}
{"cInt32": 0}
{"cString": ""}
{"cInt32": null, "cString": "a"}
{"cLeaf": {}}
{"cNull": null}
{"cNull": "NULL_VALUE"}
{"cValue": null}
{"cColor": 0}
{"cTimestamp": "1970-01-01T00:00:00Z"}
{"null": null}
{"timestamp": "0001-01-01T00:00:00Z"}
{"timestamp": "9999-12-31T23:59:59.999999999Z"}
{"timestamp": "1970-01-01T08:00:01+08:00"}
{"timestamp": "1969-12-31T23:59:59.5-01:30"}
{"timestamp": "2000-02-29T00:00:00.000001Z"}
{"timestamp": "1900-03-01T12:34:56.000000001Z"}
{"timestamp": "2024-12-31T00:00:00.1Z"}
{"duration": "0s"}
{"duration": "1.5s"}
{"duration": "-0.000000001s"}
{"duration": "-1.5s"}
{"duration": "315576000000s"}
{"duration": "-315576000000s"}
{"duration": "1.000001s"}
{"mask": ""}
{"mask": "a,bC.dE,x1"}
{"structure": {}}
{"structure": {"a": [1, 2.5, "x", null, true, {"b": []}]}}
{"value": null}
{"value": 0}
{"value": ""}
{"value": false}
{"value": []}
{"value": {}}
{"value": [[[{"a": {"b": [null]}}]]]}
{"list": [1, null, [], {}]}
{"empty": {}}
{"any": {}}
{"any": {"@type": "type.googleapis.com/rich.Leaf"}}
{"any": {"@type": "type.googleapis.com/rich.Leaf", "id": 1}}
{"any": {"id": 1, "child": {"name": "x"}, "@type": "type.googleapis.com/rich.Leaf"}}
{"any": {"@type": "type.googleapis.com/google.protobuf.Duration", "value": "1s"}}
{"any": {"value": "1s", "@type": "type.googleapis.com/google.protobuf.Duration"}}
{"any": {"@type": "type.googleapis.com/google.protobuf.Empty"}}
{"any": {"@type": "type.googleapis.com/google.protobuf.Struct", "value": {"a": 1}}}
{"any": {"@type": "type.googleapis.com/google.protobuf.Value", "value": null}}
{"any": {"@type": "type.googleapis.com/google.protobuf.Int32Value", "value": 0}}
{"any": {"@type": "type.googleapis.com/google.protobuf.Any", "value": {"@type": "type.googleapis.com/rich.Leaf", "id": 1}}}
{"any": {"value": {"id": 1, "@type": "type.googleapis.com/rich.Leaf"}, "@type": "type.googleapis.com/google.protobuf.Any"}}
{"any": {"any": {"fInt32": 1, "any": {"value": "3s", "@type": "type.googleapis.com/google.protobuf.Duration"}, "@type": "type.googleapis.com/rich.All"}, "@type": "type.googleapis.com/rich.All"}}
{"wDouble": "NaN"}
{"wFloat": 0}
{"wInt64": "1"}
{"wUint64": 1}
{"wInt32": 0}
{"wUint32": 7}
{"wBool": false}
{"wBool": true}
{"wString": ""}
{"wString": "x"}
{"wBytes": "AA=="}
{"wInt64": null}
{"rTimestamp": ["1970-01-01T00:00:00Z", "1970-01-01T00:00:01Z"]}
{"rDuration": ["0s", "-1s"]}
{"rValue": [null, 1, "a", [], {}]}
{"rStruct": [{}, {"a": null}]}
{"rList": [[], [null]]}
{"rAny": [{}, {"@type": "type.googleapis.com/rich.Leaf"}]}
{"rWrapper": ["", "x"]}
{"rMask": ["", "a,b"]}
{"self": {"self": {"self": {"fInt32": 1}}}}
{"f_int32": 1}
{"_odd__name_": "x"}
{"OddName": "x"}
{"@custom \"key\"": "x"}
{"custom": "x"}
{"far": 1}
'''

CASES2 = r'''
{"must": 1}
{"number": 0, "text": "", "data": "", "closed": "ONE", "real": 0, "flag": false, "must": 0}
{"many": ["ONE", "TWO", 1], "manyPacked": ["TWO", 2], "loose": [1, 2], "tight": [3, 4], "must": 1}
{"byName": {"k": "UNO"}, "must": 1}
{"must": 1, "section": {"line": 3}}
{"must": 1, "item": [{"name": "a"}, {}, {"name": "b"}]}
{"must": 1, "pickClosed": "TWO"}
{"must": 1, "pickText": ""}
{"must": 1, "section": {"old": {"must": 2, "section": {"line": 1}}}}
{"must": 1, "[rich2.level]": 5}
{"must": 1, "[rich2.Note.note]": {"text": "x"}}
'''


def load():
    with tempfile.NamedTemporaryFile() as f:
        subprocess.check_call(['protoc', '-I', HERE, '-I', '/usr/include', '--include_imports',
                               '--descriptor_set_out=' + f.name, HERE + '/rich.proto', HERE + '/rich2.proto'])
        files = descriptor_pb2.FileDescriptorSet.FromString(f.read())
    pool = descriptor_pool.Default()
    for file in files.file:
        if not file.name.startswith('google/'):
            pool.AddSerializedFile(file.SerializeToString())
    factory = message_factory.MessageFactory(pool)
    return lambda name: factory.GetPrototype(pool.FindMessageTypeByName(name))


def number(v):
    """As ECMAScript prints it, from Python's shortest digits."""
    sign, digits, exponent = decimal.Decimal(repr(v)).normalize().as_tuple()
    digits = ''.join(map(str, digits))
    point = len(digits) + exponent
    if point > 21 or point < -5:
        text = digits[0] + ('.' + digits[1:] if digits[1:] else '') + 'e%+d' % (point - 1)
    elif exponent >= 0:
        text = digits + '0' * exponent
    elif point > 0:
        text = digits[:point] + '.' + digits[point:]
    else:
        text = '0.' + '0' * -point + digits
    return '-' + text if sign else text


def dump(v):
    if isinstance(v, float):
        return number(v)
    if isinstance(v, list):
        return '[' + ','.join(map(dump, v)) + ']'
    if isinstance(v, dict):
        return '{' + ','.join(dump(k) + ':' + dump(x) for k, x in v.items()) + '}'
    return json.dumps(v, ensure_ascii=False)


def ordered(v, descriptor, pool):
    """Members in the order of declaration: Python puts those that are there by default at the end."""
    if descriptor.full_name == 'google.protobuf.Any':
        if 'value' in v or '@type' not in v:
            return v
        inner = pool.FindMessageTypeByName(v['@type'].split('/')[-1])
        return {'@type': v['@type'], **ordered({k: x for k, x in v.items() if k != '@type'}, inner, pool)}
    if not isinstance(v, dict) or descriptor.full_name.startswith('google.protobuf.'):
        return v
    out = {}
    for f in descriptor.fields:
        if f.json_name not in v:
            continue
        x = v[f.json_name]
        if f.message_type and f.message_type.GetOptions().map_entry:
            value = f.message_type.fields_by_name['value'].message_type
            x = {k: ordered(y, value, pool) if value else y for k, y in x.items()}
        elif f.message_type and f.label == f.LABEL_REPEATED:
            x = [ordered(y, f.message_type, pool) for y in x]
        elif f.message_type:
            x = ordered(x, f.message_type, pool)
        out[f.json_name] = x
    out.update((k, x) for k, x in v.items() if k.startswith('['))
    return out


def compact(message, **options):
    v = json_format.MessageToDict(message, **options)
    return dump(ordered(v, message.DESCRIPTOR, descriptor_pool.Default()))


def line(name, text, message):
    wire = message.SerializeToString(deterministic=True).hex() or '-'
    defaults = compact(message, including_default_value_fields=True) if name != 'rich2.Old' else '-'
    return '\t'.join((name, text, wire, compact(message), defaults))


def scalar(r, f):
    t = f.type
    if t == 1:
        return r.choice([0.5, -1e300, r.random(), r.uniform(-1e9, 1e9), 1e22])
    if t == 2:
        return struct.unpack('f', struct.pack('f', r.uniform(-1000, 1000)))[0]
    if t in (3, 16, 18):
        return r.choice([1, -1, -2**63, 2**63 - 1, r.getrandbits(60)])
    if t in (4, 6):
        return r.getrandbits(64)
    if t in (5, 15, 17):
        return r.choice([1, -1, -2**31, 2**31 - 1, r.getrandbits(20)])
    if t in (7, 13):
        return r.getrandbits(32)
    if t == 8:
        return True
    if t == 9:
        return ''.join(r.choice('ab"\\\n\u00e9\u6f22\U0001f600') for _ in range(r.choice([1, 5, 130])))
    if t == 12:
        return bytes(r.getrandbits(8) for _ in range(r.choice([1, 2, 3, 140])))
    return r.choice([v.number for v in f.enum_type.values])


def fill(r, m, depth, p):
    for f in m.DESCRIPTOR.fields:
        if r.random() > p or f.containing_oneof:
            continue
        if f.message_type and f.message_type.GetOptions().map_entry:
            kf, vf = f.message_type.fields
            if not vf.message_type:
                getattr(m, f.name)[scalar(r, kf)] = scalar(r, vf)
        elif f.message_type:
            if not f.message_type.full_name.startswith('rich.') or depth == 0:
                continue
            if f.label == 3:
                for _ in range(r.randrange(4)):
                    fill(r, getattr(m, f.name).add(), depth - 1, p)
            else:
                getattr(m, f.name).SetInParent()
                fill(r, getattr(m, f.name), depth - 1, p)
        elif f.label == 3:
            if 'Null' not in f.enum_type.name if f.enum_type else True:
                getattr(m, f.name).extend(scalar(r, f) for _ in range(r.choice([1, 3, 40])))
        elif not f.enum_type or 'Null' not in f.enum_type.name:
            setattr(m, f.name, scalar(r, f))


def main():
    message = load()
    for name, cases in (('rich.All', CASES), ('rich2.Old', CASES2)):
        for text in cases.strip().split('\n'):
            m = message(name)()
            json_format.Parse(text, m)
            print(line(name, text, m))
    r = random.Random(20240131)
    for i in range(30):
        m = message('rich.All')()
        fill(r, m, 2, r.choice([0.03, 0.1, 0.2]))
        print(line('rich.All', compact(m), m))


if __name__ == '__main__':
    main()
