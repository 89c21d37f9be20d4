#!/usr/bin/env python3
"""The demo service: a legal-document assistant over gRPC, with TLS and a client certificate that must be ours.

It prints "demo: ready on HOST:PORT" when it takes calls, and ends on SIGTERM or Ctrl-C."""

import argparse
import concurrent.futures
import pathlib
import signal
import sys
import threading

import grpc

import clauses
import corpus
import documents
import drafting
import search
from errors import Errors
from protos import Protos

ROOT = pathlib.Path(__file__).resolve().parent.parent


class DocumentParser:
    def __init__(self, protos, errors):
        self._errors = errors
        self._Response = protos.message("legal.v1.ParseResponse")
        self._kinds = protos.enum("legal.v1.ClauseKind")

    def Parse(self, request, context):
        if not request.content:
            self._errors.bad_field(context, "content", "must not be empty")
        try:
            text = request.content.decode()
        except UnicodeDecodeError as error:
            self._errors.bad_field(context, "content", f"not UTF-8 at byte {error.start}")
        title, found = clauses.parse(text)
        response = self._Response(title=title, word_count=len(text.split()), file_name=request.file_name)
        for clause in found:
            response.clauses.add(**{**clause, "kind": self._kinds[clause["kind"]]})
        return response


class VectorSearch:
    def __init__(self, protos, errors):
        self._errors = errors
        self._Response = protos.message("legal.v1.SearchResponse")
        self._index = search.Index(search.Case(*case) for case in corpus.CASES)

    def Search(self, request, context):
        if not request.query.strip():
            self._errors.bad_field(context, "query", "must not be empty")
        if not 0 <= request.k <= 50:
            self._errors.bad_field(context, "k", "expected 0 to 50")
        response = self._Response()
        for score, case in self._index.search(request.query, request.k or 5, self._filter(request.filter)):
            name, instance, jurisdiction = corpus.COURTS[case.court]
            hit = response.hits.add(case_id=case.id, score=score, snippet=search.snippet(case, request.query))
            hit.metadata.title = case.title
            hit.metadata.jurisdiction = jurisdiction
            hit.metadata.court.name = name
            hit.metadata.court.instance = instance
            hit.metadata.decided.FromDatetime(case.decided.replace(tzinfo=None))
            hit.metadata.topics.extend(case.topics)
        return response

    @staticmethod
    def _filter(wanted):
        def passes(case):
            name, _, jurisdiction = corpus.COURTS[case.court]
            if wanted.courts and name not in wanted.courts:
                return False
            if wanted.HasField("jurisdiction") and jurisdiction != wanted.jurisdiction:
                return False
            after = wanted.decided_after.seconds if wanted.HasField("decided_after") else None
            return after is None or case.decided.timestamp() > after

        return passes


class Assistant:
    def __init__(self, protos, errors, delay):
        self._errors = errors
        self._Token = protos.message("legal.v1.DraftToken")
        self._reasons = protos.enum("legal.v1.FinishReason")
        self._delay = delay

    def Draft(self, request, context):
        if not request.prompt.strip():
            self._errors.bad_field(context, "prompt", "must not be empty")
        if request.max_tokens < 0:
            self._errors.bad_field(context, "max_tokens", "must not be negative")
        gone = threading.Event()
        context.add_callback(gone.set)
        tokens = drafting.tokens(drafting.draft(request.prompt))
        limit = request.max_tokens or len(tokens)
        last = min(limit, len(tokens)) - 1
        for index, text in enumerate(tokens[:limit]):
            if gone.wait(self._delay):
                print(f"demo: draft cancelled after {index} tokens", file=sys.stderr, flush=True)
                return
            reason = "FINISH_REASON_UNSPECIFIED"
            if index == last:
                reason = "COMPLETE" if last == len(tokens) - 1 else "LENGTH"
            yield self._Token(text=text, index=index, finish_reason=self._reasons[reason])


def load_protos():
    mine = ["parser", "search", "assistant", "documents"]
    return Protos(
        [ROOT / "proto", ROOT / "proto/demo"],
        [f"legal/v1/{name}.proto" for name in mine]
        + ["google/rpc/status.proto", "google/rpc/error_details.proto", "google/protobuf/empty.proto"],
    )


def credentials(certs):
    """TLS that refuses whoever has no certificate of our CA."""
    return grpc.ssl_server_credentials(
        [((certs / "server.key").read_bytes(), (certs / "server.crt").read_bytes())],
        root_certificates=(certs / "ca.crt").read_bytes(),
        require_client_auth=True,
    )


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--listen", default="localhost:50051", help="HOST:PORT (%(default)s); port 0 picks one")
    options.add_argument("--certs", type=pathlib.Path, default=ROOT / "certs/dev", help="folder with ca.crt, server.crt, server.key")
    options.add_argument("--delay-ms", type=float, default=40, help="pause before each token of a draft (%(default)s)")
    options.add_argument("--threads", type=int, default=32, help="calls at the same time (%(default)s)")
    args = options.parse_args()

    protos = load_protos()
    errors = Errors(protos)
    # Without SO_REUSEPORT a second demo on this port fails, where it would silently share it.
    server = grpc.server(
        concurrent.futures.ThreadPoolExecutor(args.threads), options=[("grpc.so_reuseport", 0)]
    )
    servicers = {
        "legal.v1.DocumentParser": DocumentParser(protos, errors),
        "legal.v1.VectorSearch": VectorSearch(protos, errors),
        "legal.v1.Assistant": Assistant(protos, errors, args.delay_ms / 1000),
        "legal.v1.Documents": documents.Documents(protos, errors),
    }
    server.add_generic_rpc_handlers([protos.handlers(grpc, name, each) for name, each in servicers.items()])
    try:
        port = server.add_secure_port(args.listen, credentials(args.certs))
    except RuntimeError as error:
        sys.exit(f"demo: cannot listen on {args.listen}: {error}")
    if port == 0:
        sys.exit(f"demo: cannot listen on {args.listen}: is the port taken?")

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server.start()
    print(f"demo: ready on {args.listen.rpartition(':')[0]}:{port}", flush=True)
    stop.wait()
    server.stop(grace=1).wait()


if __name__ == "__main__":
    main()
