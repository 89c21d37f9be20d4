"""Drafts an agreement from a prompt: the clauses that the prompt asks for, with the parties that it names. No model, but the
same shape of work: the text comes one token at a time."""

import re

# (what the prompt says, heading, text)
CLAUSES = [
    (r"confiden|nda|non-disclosure|secre", "Confidentiality",
     "Each party shall keep secret what it learns of the other party's business, shall use it only for the purpose of this "
     "agreement, and shall return or delete it at the end. These duties last for five years beyond the end."),
    (r"pay|fee|price|invoice|licen[cs]e", "Payment",
     "{b} shall invoice {a} quarterly. Invoices are due within thirty days of receipt. Late payment bears interest at eight "
     "percentage points above the base rate."),
    (r"softw|maint|service|support|cloud", "Services",
     "{b} shall provide the services with the care of a diligent specialist and shall remedy every defect that {a} reports "
     "within the agreed response times."),
    (r"liab|damag|indemn", "Liability",
     "Neither party limits its liability for intent, gross negligence, or harm to life and health. In all other cases the "
     "liability of {b} is limited to twice the annual fee."),
    (r"terminat|notice|cancel|term\b", "Termination",
     "Either party may terminate this agreement with three months' notice to the end of a month, and at once for good cause."),
    (r"data|privacy|gdpr|personal", "Data protection",
     "{b} processes personal data only on documented instructions of {a} and protects it by the measures of Annex A."),
]
ALWAYS = ("Governing law", "This agreement is governed by the laws of Norway. The courts of Bergen have jurisdiction.")
PARTIES = re.compile(r"between\s+(?P<a>.+?)\s+and\s+(?P<b>.+?)(?=[,.;:]|\s+(?:with|for|about|on|that|which|over)\b|$)", re.I)


def draft(prompt):
    found = PARTIES.search(prompt)
    a, b = (found["a"], found["b"]) if found else ("the Customer", "the Supplier")
    chosen = [(heading, text) for words, heading, text in CLAUSES if re.search(words, prompt, re.IGNORECASE)]
    if not chosen:
        chosen = [(heading, text) for _, heading, text in CLAUSES[:2]]
    lines = [f"This agreement is made between {a} and {b}."]
    for number, (heading, text) in enumerate([*chosen, ALWAYS], start=1):
        lines.append(f"{number}. {heading}\n{text.format(a=a, b=b)}")
    return "\n\n".join(lines) + "\n"


def tokens(text):
    """Words with the space in front of them; joined they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)
