"""Cases for the search to find. All of them, courts included, are made up."""

COURTS = {
    "Bergen": ("Commercial Court of Bergen", 1, "NO"),
    "Gula": ("Gula Court of Appeal", 2, "NO"),
    "Leipzig": ("Regional Court of Leipzig", 1, "DE"),
    "Hanover": ("Higher Regional Court of Hanover", 2, "DE"),
    "Porto": ("Civil Court of Porto", 1, "PT"),
    "Lisbon": ("Supreme Court, Lisbon Chamber", 3, "PT"),
}

# (case id, title, court, date, topics, text)
CASES = [
    ("2015-NO-0117", "Fjordline Ferries v. Kleppe Software", "Bergen", "2015-03-12", ["software", "defects"],
     "Delivery of a booking system with recurrent defects. The supplier failed to remedy the software within the agreed "
     "response times. The customer may withhold the maintenance fee until defects are remedied and claim damages."),
    ("2016-DE-0042", "Buchhaus Ost v. Ritter Logistik", "Leipzig", "2016-05-30", ["transport", "liability"],
     "Books damaged by water during carriage. The carrier's limitation of liability does not cover gross negligence; the "
     "packing list proved that the goods were intact on handover."),
    ("2016-NO-0230", "Halden Paper v. Norsk Dampkraft", "Gula", "2016-11-02", ["energy", "force majeure"],
     "Long-term supply of steam. A dry summer is no force majeure when the contract allocates the risk of fuel prices to "
     "the supplier. Termination for good cause was premature without notice."),
    ("2017-PT-0009", "Ferreira v. Atelier Azul", "Porto", "2017-02-14", ["employment", "confidentiality"],
     "A departing designer copied client lists. The confidentiality clause survives the end of employment for five years; a "
     "penalty of six monthly salaries is reasonable for the breach of secrecy."),
    ("2017-DE-0311", "Datenwerk v. Sparkasse Oberland", "Hanover", "2017-09-21", ["data protection", "outsourcing"],
     "Processing of personal data by a hosting provider without a written processing agreement. The bank is liable to its "
     "customers for the breach and may take recourse against the provider."),
    ("2018-NO-0065", "Pike v. Northwind Shipping", "Bergen", "2018-04-18", ["maritime", "charter"],
     "Laytime under a voyage charter. Demurrage is due while the vessel waits for a berth, unless the port authority has "
     "closed the harbour. Notice of readiness by electronic mail was valid."),
    ("2018-DE-0190", "Lindner Bau v. Stadt Grimma", "Leipzig", "2018-08-07", ["construction", "payment"],
     "Final invoice of a bridge repair. Late payment bears interest from thirty days after receipt of a verifiable invoice. "
     "Retention of five percent as security was lawful."),
    ("2019-PT-0077", "Vinhos do Douro v. Casa Marques", "Lisbon", "2019-01-25", ["distribution", "termination"],
     "Exclusive distribution of wine. Termination without notice needs good cause; repeated late payment suffices after a "
     "warning. Compensation for goodwill is due to the distributor."),
    ("2019-DE-0404", "Musikverlag Hauser v. Klangraum", "Hanover", "2019-06-13", ["copyright", "licence"],
     "A licence for streaming music ends with the contract. Continued use infringes copyright; damages are computed from a "
     "reasonable licence fee."),
    ("2020-NO-0012", "Solberg v. Fjell Kraftnett", "Gula", "2020-02-20", ["energy", "easement"],
     "A power line across farmland. The easement does not include the right to widen the service road; the owner gets "
     "compensation for lost grazing."),
    ("2020-DE-0158", "Apotheke am Markt v. Medilog", "Leipzig", "2020-10-05", ["software", "liability"],
     "Loss of prescription data after a faulty update. The supplier's limitation of liability to twice the annual fee is "
     "valid between merchants, but not for gross negligence such as missing backups."),
    ("2021-PT-0033", "Condominio Ribeira v. Silva & Filhos", "Porto", "2021-03-29", ["construction", "warranty"],
     "Cracks in a facade four years after handover. The warranty period of five years runs from acceptance of each section; "
     "the builder must remedy the defects or bear the cost."),
    ("2021-NO-0208", "Kveldsol Seafood v. Arctic Cold Chain", "Bergen", "2021-09-15", ["transport", "insurance"],
     "Salmon spoiled because a cooling unit failed. Temperature logs shift the burden of proof to the carrier. The cargo "
     "insurer takes recourse up to the limit of the convention."),
    ("2022-DE-0021", "Winter v. Cloudhaus", "Hanover", "2022-01-19", ["cloud services", "availability"],
     "Service levels of a cloud provider. Credits for downtime do not exclude damages where availability fell below the "
     "agreed ninety-nine percent for three consecutive months; the customer may terminate for good cause."),
    ("2022-PT-0140", "Tavares v. Hotel Miramar", "Lisbon", "2022-07-08", ["lease", "force majeure"],
     "Rent for a restaurant closed by order of the authorities. The tenant's duty to pay is halved while the use is "
     "forbidden; the clause that excludes every reduction is void."),
    ("2023-NO-0099", "Halvorsen v. Lyse Robotics", "Gula", "2023-05-11", ["employment", "inventions"],
     "An engineer's invention made outside working hours. The employer's claim to the patent needs a link with the duties "
     "of the employee; a fair remuneration is due in any case."),
    ("2023-DE-0275", "Grünwald v. Textwerk", "Leipzig", "2023-11-23", ["artificial intelligence", "copyright"],
     "Contracts drafted by a language model from confidential templates. Feeding another's templates to the model breached the "
     "confidentiality agreement; an injunction was granted without proof of damage."),
    ("2024-NO-0051", "Northwind Harbour v. Kaiblikk", "Bergen", "2024-04-02", ["software", "termination"],
     "Maintenance of a cargo planning system. Six months' notice to the end of the calendar year could not be shortened by "
     "standard terms; the supplier had to hand over the source code held in escrow."),
]
