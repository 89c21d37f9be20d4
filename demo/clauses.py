"""Splits a legal document into clauses by the numbers and headings that its lines start with."""

import re

# "1. Definitions", "2.1 The Supplier shall ...", "(a) each ...", "## Payment", "Article 5", "§ 3"
NUMBERED = re.compile(r"(?P<number>\d+(?:\.\d+)*|\((?:[a-z]|[ivx]+)\)|(?:Article|Section|§)\s*\d+)[.)]?\s+(?P<rest>\S.*)")
HEADED = re.compile(r"(?P<marks>#{1,6})\s+(?P<rest>\S.*)")

UNSPECIFIED = "CLAUSE_KIND_UNSPECIFIED"
KINDS = [
    ("DEFINITIONS", r"definition|interpretation|\bmeans\b"),
    ("CONFIDENTIALITY", r"confidential|non-disclosure|secret"),
    ("PAYMENT", r"payment|\bfees?\b|invoice|price|remuneration"),
    ("LIABILITY", r"liab|indemni|damages|warrant"),
    ("TERMINATION", r"terminat|expir|\bnotice period\b"),
    ("GOVERNING_LAW", r"governing law|jurisdiction|\blaws? of\b|arbitration"),
]


def kind_of(text):
    """The name of the ClauseKind that the words tell of."""
    for name, pattern in KINDS:
        if re.search(pattern, text, re.IGNORECASE):
            return name
    return UNSPECIFIED


def set_kinds(clauses):
    """A clause is what its heading says; else what it stands under; else what its text says."""
    under = []  # the kinds of the clauses around, by level
    for clause in clauses:
        del under[clause["level"] - 1 :]
        kind = kind_of(clause["heading"])
        if kind == UNSPECIFIED:
            inherited = [k for k in under if k != UNSPECIFIED]
            kind = inherited[-1] if inherited else kind_of(clause["text"])
        clause["kind"] = kind
        under.append(kind)


def split_heading(rest):
    """A numbered line is a heading when it is short and no sentence; otherwise it is the clause's first line."""
    if len(rest) <= 60 and not rest.endswith((".", ";", ",", ":")):
        return rest, ""
    return "", rest


def start_of_clause(line):
    """(number, heading, text, level) when a clause starts with this line, else None."""
    stripped = line.strip()
    marks = HEADED.fullmatch(stripped)
    rest = marks["rest"] if marks else stripped
    number = NUMBERED.fullmatch(rest)
    if number:
        heading, text = (number["rest"], "") if marks else split_heading(number["rest"])
        level = 3 if number["number"].startswith("(") else number["number"].count(".") + 1
        return number["number"], heading, text, level
    if marks:
        return "", rest, "", len(marks["marks"])
    return None


def parse(text):
    """(title, [clause]); a clause is a dict with the fields of legal.v1.Clause."""
    title, clauses, offset = "", [], 0
    for line in text.splitlines(keepends=True):
        start = start_of_clause(line)
        words = line.strip()
        if not title and not clauses and words and (start is None or not start[0]):
            title = start[1] if start else words
        elif start:
            number, heading, first, level = start
            clauses.append(
                {"number": number, "heading": heading, "text": first, "level": level, "offset": offset}
            )
        elif words:
            if not clauses:
                clauses.append({"number": "", "heading": "", "text": "", "level": 1, "offset": offset})
            clauses[-1]["text"] = f"{clauses[-1]['text']} {words}".strip()
        offset += len(line.encode())
    set_kinds(clauses)
    return title, clauses
