"""The texts that bench/transcode.py transcodes: the same bytes every time."""
import json
import random
import struct

WORDS = (
    "the claim of limitation liability contract software licence court judgment appeal plaintiff defendant under "
    "section clause agreement damages breach duty reasonable notice term party evidence law statute interest cost"
).split()


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def sentence(rng, n):
    return " ".join(rng.choice(WORDS) for _ in range(n)).capitalize() + "."


def shortest_float(v):
    v = struct.unpack("f", struct.pack("f", v))[0]
    for digits in range(6, 10):
        text = f"{v:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == v:
            return float(text)
    return v


def small(_):
    return {
        "caseId": "BGH-2023-0114",
        "query": "limitation of liability for rented software",
        "limit": 10,
        "threshold": 0.75,
        "tags": ["contract", "software-licence"],
        "exact": True,
        "range": {"fromYear": 1999, "toYear": 2026},
    }


def citation(rng):
    begin = rng.randrange(1 << 34)
    return {
        "source": f"BGHZ {rng.randrange(200)}, {rng.randrange(500)}",
        "page": rng.randrange(1, 900),
        "weight": round(rng.random(), 3),
        "span": {"begin": str(begin), "end": str(begin + rng.randrange(5000))},
    }


def party(rng, role):
    return {
        "name": sentence(rng, 2),
        "role": role,
        "addresses": [
            {"street": f"{rng.choice(WORDS)} street {i}", "city": "Köln", "postalCode": f"{rng.randrange(10000, 99999)}"}
            for i in range(2)
        ],
        "sharePercent": rng.randrange(100),
    }


def paragraph(rng, number):
    return {"number": number, "text": sentence(rng, 30), "citations": [citation(rng) for _ in range(2)]}


def nested(rng):
    return {
        "id": "cases/BGH-2023-0114",
        "title": 'On the "limitation" of liability',
        "court": {"name": "Bundesgerichtshof", "country": "DE", "level": "LEVEL_SUPREME"},
        "decidedAt": "2023-04-27T09:30:00Z",
        "parties": [party(rng, role) for role in ("ROLE_PLAINTIFF", "ROLE_DEFENDANT", "ROLE_WITNESS")],
        "sections": [
            {"heading": sentence(rng, 4), "paragraphs": [paragraph(rng, 5 * s + p + 1) for p in range(5)]} for s in range(4)
        ],
        "labels": {f"label-{i}": sentence(rng, 2) for i in range(8)},
        "revision": "17",
        "published": True,
    }


def embedding(rng):
    # As OpenAI's are: of length 1. Python prints what is below 0.0001 with an exponent and we do not: there is none such.
    values = [shortest_float(rng.gauss(0, 0.0255)) for _ in range(1600)]
    return {"model": "text-embedding-3-small", "values": [v for v in values if abs(v) >= 0.0001][:1536]}


def text(rng):
    lines, size = [], 0
    while size < 1_000_000:
        lines.append(sentence(rng, 12))
        size += len(lines[-1]) + 1
    return {"text": "\n".join(lines)}


def repeated(rng):
    hit = lambda i: {
        "id": str(rng.randrange(1 << 40)),
        "title": sentence(rng, 4),
        "score": round(rng.random(), 6),
        "exact": True,
        "page": i + 1,
    }
    return {"hits": [hit(i) for i in range(1000)]}


def dynamic(rng):
    item = lambda i: {
        "name": sentence(rng, 3),
        "amount": round(rng.random() * 1000, 2),
        "count": rng.randrange(1000),
        "active": rng.random() < 0.5,
        "note": None,
        "tags": [rng.choice(WORDS) for _ in range(3)],
        "owner": {"id": i, "team": rng.choice(WORDS)},
    }
    return {"workflow": "review", "version": 3, "items": [item(i) for i in range(24)]}


def payloads():
    """(name, message, JSON text) of each."""
    makers = [
        ("small", "sidespan.bench.SearchRequest", small),
        ("nested", "sidespan.bench.Case", nested),
        ("embedding", "sidespan.bench.Embedding", embedding),
        ("text", "sidespan.bench.Text", text),
        ("repeated", "sidespan.bench.Hits", repeated),
        ("struct", "google.protobuf.Struct", dynamic),
    ]
    return [(name, message, compact(make(random.Random(name))).encode()) for name, message, make in makers]
