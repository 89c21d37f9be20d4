"""Search by meaning as far as words go: TF-IDF vectors and the cosine between them."""

import collections
import datetime
import math
import re

STOP = set("a an and are at be by can did do does for from had has have in is it its may must no not of on or s such than "
           "that the their to under up was were when where while who with without".split())


def stem(word):
    """Crude, but enough that "terminated", "terminates" and "termination" meet."""
    for ending in ("ations", "ation", "ating", "ated", "ates", "ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


def terms(text):
    return [stem(word) for word in re.findall(r"\w+", text.lower()) if word not in STOP]


class Case:
    def __init__(self, case_id, title, court, decided, topics, text):
        self.id, self.title, self.court, self.topics, self.text = case_id, title, court, topics, text
        self.decided = datetime.datetime.fromisoformat(f"{decided}T00:00:00+00:00")


class Index:
    """Immutable once built: threads may search at the same time."""

    def __init__(self, cases):
        self.cases = list(cases)
        counts = [collections.Counter(terms(" ".join([c.title, *c.topics, c.text]))) for c in self.cases]
        spread = collections.Counter(term for count in counts for term in count)
        self._idf = {term: math.log(1 + len(self.cases) / n) for term, n in spread.items()}
        self._vectors = [self._vector(count) for count in counts]

    def _vector(self, count):
        vector = {t: (1 + math.log(n)) * self._idf[t] for t, n in count.items() if t in self._idf}
        length = math.sqrt(sum(weight * weight for weight in vector.values()))
        return {t: weight / length for t, weight in vector.items()}

    def search(self, query, k, wanted=lambda case: True):
        """At most k (score, case), best first; only scores above 0."""
        vector = self._vector(collections.Counter(terms(query)))
        hits = []
        for case, other in zip(self.cases, self._vectors):
            score = sum(weight * other.get(term, 0.0) for term, weight in vector.items())
            if score > 0 and wanted(case):
                hits.append((min(score, 1.0), case))
        hits.sort(key=lambda hit: (-hit[0], hit[1].id))
        return hits[:k]


def snippet(case, query):
    """The sentence of the case that shares most terms with the query."""
    wanted = set(terms(query))
    sentences = re.split(r"(?<=[.;])\s+", case.text)
    return max(sentences, key=lambda sentence: len(wanted & set(terms(sentence))))
