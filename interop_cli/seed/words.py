"""The words that names are made of, in French and English, and the ways to put them together."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from interop_cli.seed.chance import weighted
from interop_cli.seed.places import Place, counties, quebec_cities

# What a client does, under the tag it gets; in French before its own name, in English after it.
TRADES = {
    "fr": {
        "revendeur": "Imprimerie, Éditions, Reliure, Papeterie, Infographie, Enseignes, Librairie,"
        " Sérigraphie, Studio graphique, Étiquettes, Lettrage, Atelier de gravure",
        "agence": "Agence, Communications, Publicité, Marketing, Productions, Relations publiques,"
        " Groupe conseil, Événements",
        "restauration": "Restaurant, Bistro, Café, Boulangerie, Traiteur, Microbrasserie,"
        " Fromagerie, Érablière, Pâtisserie, Chocolaterie, Brûlerie, Cidrerie, Vignoble",
        "manufacturier": "Usinage, Portes et fenêtres, Meubles, Emballages, Plastiques, Soudure,"
        " Textiles, Armoires, Aliments, Produits forestiers, Machinerie, Fonderie, Scierie,"
        " Équipements, Chaussures, Cosmétiques",
        "commerce": "Pharmacie, Fleuriste, Quincaillerie, Optique, Boutique, Bijouterie, Pépinière,"
        " Animalerie, Sports, Électroménagers, Marché, Vélo",
        "services": "Garage, Clinique dentaire, Clinique vétérinaire, Assurances, Immobilier,"
        " Construction, Plomberie, Toitures, Paysagement, Transport, Déménagement, Auberge,"
        " Hôtel, Camping, Voyages, Physiothérapie, Ébénisterie, Excavation",
    },
    "en": {
        "revendeur": "Printing, Press, Bindery, Stationers, Signs, Books, Labels, Graphics",
        "agence": "Communications, Media, Marketing, Advertising, Events, Design Group",
        "restauration": "Grill, Bakery, Brewing, Catering, Coffee Roasters, Bistro, Foods, Cidery",
        "manufacturier": "Packaging, Plastics, Machining, Furniture, Windows, Textiles, Metalworks,"
        " Cabinets, Lumber, Equipment",
        "commerce": "Hardware, Pharmacy, Florist, Jewellers, Outfitters, Nursery, Cycles, Optical",
        "services": "Insurance, Realty, Construction, Plumbing, Roofing, Transport, Dental Clinic,"
        " Animal Hospital, Inn, Travel, Landscaping, Consulting",
    },
}

# Surnames alone before these: offices of a profession.
OFFICES = {
    "fr": "avocats, notaires, CPA, architectes, arpenteurs-géomètres, experts-conseils, huissiers,"
    " évaluateurs",
    "en": "Law Office, Notaries, Architects, Chartered Accountants, Engineers, Appraisers",
}

SURNAMES = {
    "fr": "Tremblay Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Gagné Ouellet Pelletier"
    " Bélanger Lévesque Bergeron Leblanc Paquette Girard Simard Boucher Caron Beaulieu Cloutier"
    " Dubé Poirier Fournier Lapointe Leclerc Lefebvre Poulin Thibault Nadeau Martel Lachance"
    " Desjardins Grenier Hébert Lessard Bédard Champagne Michaud Turcotte Proulx Demers Gosselin"
    " Parent Paradis Rioux Beaudoin Couture Bilodeau Vachon Doyon Mercier Raymond Charron Gingras"
    " Larouche Dufour Savard Harvey Perron Boivin Asselin Thériault Landry Cormier Arsenault"
    " Robichaud Chiasson Doucet Lacroix Langlois Labrecque Laflamme Jobin Veilleux Rodrigue"
    " Breton Drouin Giguère Guay Hamel Lemieux Marcoux Nolet Plante Provencher Racine Sévigny"
    " Trudel Vallée Villeneuve Archambault Brisebois Chartrand Dagenais Éthier Forget Houle"
    " Jetté Lafrenière Ménard Nantel Ostiguy Piché Quesnel Ranger Sabourin Taillefer Vézina",
    "en": "Abbott Anderson Bennett Blackwood Brodie Campbell Carmichael Chadwick Clarke Crawford"
    " Dawson Donnelly Drummond Elliott Ferguson Fletcher Fraser Gallagher Gibson Graham Hamilton"
    " Harrington Henderson Holloway Hughes Irvine Jamieson Kavanagh Kennedy Lockhart MacDonald"
    " MacKenzie Maguire Marsden McAllister McGregor McLeod Milligan Morrison Murdoch Neilson"
    " O'Brien O'Connor Paterson Pritchard Quinlan Ramsay Reilly Robertson Rutherford Sheridan"
    " Sinclair Sutherland Thornton Tierney Urquhart Wallace Whelan Wilkins Woodside",
}

FIRST_NAMES = {
    "fr": "Mireille Sylvie Josée Martine Chantal Nathalie Isabelle Geneviève Mélanie Karine"
    " Véronique Julie Caroline Annie Manon Lucie Hélène Marie-Ève Amélie Camille Noémie Rosalie"
    " Léa Florence Gabrielle Stéphane Martin Éric Alain Sylvain Luc Benoît François Mathieu"
    " Jean-François Sébastien Guillaume Maxime Olivier Félix Antoine Étienne Raphaël Rémi Gilles"
    " Normand Réjean Yvon Fernand Jocelyn",
    "en": "Alison Brenda Catherine Claire Deborah Eleanor Fiona Heather Jennifer Karen Laura"
    " Margaret Nancy Patricia Rachel Sarah Susan Andrew Brian Colin David Douglas Edward Gordon"
    " Ian James Kevin Michael Neil Peter Robert Scott Stephen Thomas William",
}

# Nouns with what may stand beside them: in French after them, of the same gender.
COUPLES = (
    (
        "Horizon Sommet Phare Cap Quai Fleuve Érable Pin Lac Vent Ruisseau Rocher Harfang Héron"
        " Castor Caribou Renard Lynx Fanal Point Cercle Papier Trait Relief Format Profil Sentier"
        " Verger Moulin Bouleau Chêne Jardin",
        "Boréal Bleu Blanc Vert Doré Argenté Royal Laurentien Libre Rouge Nordique Sauvage"
        " Tranquille Urbain Moderne Gaspésien Ancestral",
    ),
    (
        "Rive Baie Montagne Vallée Rivière Forêt Plume Page Ligne Étoile Lumière Marée Pointe Voile"
        " Falaise Source Colline Boussole Alouette Hirondelle Mésange Loutre Encre Couleur Trame"
        " Fleur Gare Tour",
        "Boréale Bleue Blanche Verte Dorée Argentée Royale Laurentienne Libre Rouge Nordique"
        " Sauvage Tranquille Urbaine Moderne Gaspésienne Ancestrale",
    ),
)
SINGLES = (
    "Boréale Évasion Impact Avantage Horizon Équinoxe Solstice Zénith Méridien Symphonie Mosaïque"
    " Kaléido Tandem Odyssée Alizé Aurore Azimut Cartouche Chromo Delta Express Filigrane Graphito"
    " Harmonie Idéal Juxta Kodiak Lumina Majuscule Nexa Optima Pixelle Quadri Rivage Spectra Typo"
    " Ultra Vertige Vivace Zoom"
)
ADJECTIVES = (
    "Silver Northern Golden Red Blue Green Royal Grand Summit Eastern Quiet Bright Old Granite"
    " Amber Copper Misty Rolling Stone Wild Sunny"
)
NOUNS = (
    "Maple Birch Pine River Lake Ridge Harbour Bridge Meadow Hill Creek Valley Falcon Heron Loon"
    " Beaver Moose Fox Oak Cedar Lantern Anchor Compass Mill Orchard Gate Field Island Bay Point"
    " Quarry Trail"
)

# What follows a single surname.
KIN = {
    "fr": ", et Fils, et Filles, et Associés, Frères",
    "en": ", & Sons, & Daughters, Brothers, Family",
}

# The client of a place: its name ends with the place.
BODIES = {
    "municipal": "Municipalité",
    "scolaire": "École secondaire, École primaire, Polyvalente, Centre d'études,"
    " École des métiers, CPE",
    "OBNL": "Maison des jeunes, Club de l'âge d'or, Festival d'été, Fabrique,"
    " Chambre de commerce, Société d'histoire, Centre d'action bénévole,"
    " Popote roulante, Société d'horticulture, Fondation de l'hôpital, Salon du livre",
}
CLUBS = (
    "Club de hockey, Club de soccer, Club de baseball, Club de volleyball, Club de football,"
    " Club de natation, Club de ringuette"
)
TEAMS = {
    "fr": "Harfangs Caribous Castors Dragons Draveurs Éclaireurs Faucons Forestiers Géants"
    " Huards Loups Lynx Mariniers Mustangs Patriotes Pionniers Remparts Saumons Voltigeurs Zéphyrs",
    "en": "Beavers Bulldogs Cougars Falcons Huskies Lakers Loons Otters Rapids Ravens Spartans"
    " Steelers Warriors Wolves",
}
ASSOCIATIONS = "Minor Hockey, Soccer Club, Swim Team, Curling Club, Baseball Association"
CIRCLES = {
    "scolaire": "Elementary School, High School, Academy, Montessori, Daycare",
    "OBNL": "Foundation, Community Centre, Historical Society, Food Bank, Arts Festival, Theatre",
}

# Places that do not exist, as Quebec names hers: a saint, and the county.
SAINTS = (
    "Saint-Télesphore Saint-Onésime Saint-Hermas Saint-Elzéar Saint-Fulgence Saint-Cléophas"
    " Saint-Agapit Saint-Philémon Saint-Zotique Saint-Polycarpe Saint-Hilarion Saint-Odilon"
    " Saint-Ludger Saint-Éphrem Saint-Malachie Saint-Anaclet Saint-Modeste Saint-Octave"
    " Saint-Athanase Saint-Séverin Saint-Herménégilde Saint-Épiphane Saint-Cyprien Saint-Évariste"
    " Saint-Adelphe Saint-Narcisse Saint-Sylvère Saint-Boniface Saint-Casimir Saint-Damase"
    " Saint-Firmin Saint-Gédéon Saint-Honoré Saint-Isidore Saint-Lazare Saint-Magloire"
    " Saint-Norbert Saint-Prosper Saint-Romuald Saint-Sabin Saint-Théodore Saint-Urbain"
    " Saint-Valère Saint-Wilfrid Sainte-Apolline Sainte-Perpétue Sainte-Clothilde Sainte-Euphémie"
    " Sainte-Hénédine Sainte-Rosalie Sainte-Sabine Sainte-Ursule Sainte-Brigitte Sainte-Angèle"
    " Sainte-Christine Sainte-Germaine Sainte-Irène Sainte-Blandine Sainte-Praxède"
)
ENGLISH_SAINTS = "Andrew Brendan Clare Columba David George Hilda Margaret Ninian Patrick Paul"


def split(text: str) -> list[str]:
    """The items of a list whose items have spaces."""
    return [item.strip() for item in text.split(",")]


class Part(NamedTuple):
    """A piece of a name; ``slug`` for a domain, ``stem`` for a code, ``place`` if it names one."""

    text: str
    slug: str = ""
    stem: str = ""
    place: Place | None = None


class Trade(NamedTuple):
    """What a client does; ``tag`` is the tag that says so."""

    text: str
    slug: str
    tag: str


@dataclass(frozen=True)
class Family:
    """One way of making names: a trade, and two parts with ``joint`` between them.

    ``forms`` are legal forms with the beginning of their enterprise numbers. In a ``village`` the
    two parts together are a place.
    """

    language: str
    trades: Sequence[Trade]
    firsts: Sequence[Part]
    seconds: Sequence[Part]
    joint: str
    forms: Sequence[tuple[str, str]]
    trade_first: bool
    village: bool = False


_JOINTS = str.maketrans("'&,. ", "-----")
_MAX_STEM = 6
_MIN_STEM = 3
_INCORPORATED, _REGISTERED, _PARTNERSHIP, _PUBLIC = "11", "22", "33", "88"
_COMPANY = {
    "fr": weighted(
        {
            (" inc.", _INCORPORATED): 11,
            (" ltée", _INCORPORATED): 3,
            (" enr.", _REGISTERED): 3,
            (" s.e.n.c.", _PARTNERSHIP): 1,
            ("", _REGISTERED): 2,
        }
    ),
    "en": weighted(
        {
            (" Inc.", _INCORPORATED): 8,
            (" Ltd.", _INCORPORATED): 6,
            (" Corp.", _INCORPORATED): 2,
            (" Reg'd", _REGISTERED): 1,
            ("", _REGISTERED): 3,
        }
    ),
}
_OFFICE = {
    "fr": ((" s.e.n.c.r.l.", _PARTNERSHIP), ("", _PARTNERSHIP)),
    "en": ((" LLP", _PARTNERSHIP), ("", _PARTNERSHIP)),
}
_PUBLIC_BODY = (("", _PUBLIC),)
_NONPROFIT = (("", _INCORPORATED),)


_NOTHING = (Part(""),)


def slug(text: str) -> str:
    """``text`` in the letters of an Internet domain: "Côté & Fils" is "cote-fils"."""
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "-".join(filter(None, plain.translate(_JOINTS).split("-")))


def plenty() -> Family:
    """The family that is never short of names: trades with two French surnames."""
    surnames = _surnames("fr")
    return _company("fr", surnames, surnames, " & ")


def families() -> Iterator[tuple[Family, int]]:
    """The other families, and how often each is met beside the 24 of ``plenty``."""
    yield from _companies()
    yield from _places()
    trades = _trades(CIRCLES, " {}")
    adjectives, nouns = _parts(ADJECTIVES), _parts(NOUNS)
    yield Family("en", trades, adjectives, nouns, " ", _NONPROFIT, trade_first=False), 3
    saints = [_part(f"St. {name}'s") for name in ENGLISH_SAINTS.split()]
    yield Family("en", trades, saints, _NOTHING, "", _NONPROFIT, trade_first=False), 1


def _companies() -> Iterator[tuple[Family, int]]:
    surnames = _surnames("en")
    yield _company("en", surnames, surnames, " & "), 6
    for masculine_or_feminine in COUPLES:
        nouns, adjectives = map(_parts, masculine_or_feminine)
        yield _company("fr", nouns, adjectives, " "), 6
    yield _company("en", _parts(ADJECTIVES), _parts(NOUNS), " "), 9
    yield _company("fr", _parts(SINGLES), _NOTHING, ""), 2
    for language, weight in (("fr", 6), ("en", 3)):
        kin = [_part(text) for text in KIN[language].split(",")]
        yield _company(language, _surnames(language), kin, ""), weight
    yield _offices("fr", ", "), 4
    yield _offices("en", " & "), 2


def _places() -> Iterator[tuple[Family, int]]:
    """Those whose name says where they are."""
    saints = _parts(SAINTS)
    ends = [_part(county.city, county) for county in counties()]
    for tag, weight in (("municipal", 3), ("scolaire", 5), ("OBNL", 9)):
        trades = _trades({tag: BODIES[tag]}, "{} de ")
        forms = _NONPROFIT if tag == "OBNL" else _PUBLIC_BODY
        yield Family("fr", trades, saints, ends, "-", forms, trade_first=True, village=True), weight
    trades, teams = _trades({"sport": CLUBS}, "{} les "), _parts(TEAMS["fr"])
    of_cities = [_part(_of(place.city), place) for place in quebec_cities()]
    yield Family("fr", trades, teams, of_cities, " ", _NONPROFIT, trade_first=True), 6
    trades, teams = _trades({"sport": ASSOCIATIONS}, " {}"), _parts(TEAMS["en"])
    cities = [_part(place.city, place) for place in quebec_cities("en")]
    yield Family("en", trades, cities, teams, " ", _NONPROFIT, trade_first=False), 2


def _company(language: str, firsts: Sequence[Part], seconds: Sequence[Part], joint: str) -> Family:
    french = language == "fr"
    trades = _trades(TRADES[language], "{} " if french else " {}")
    forms = _COMPANY[language]
    return Family(language, trades, firsts, seconds, joint, forms, trade_first=french)


def _offices(language: str, joint: str) -> Family:
    trades = _trades({"services": OFFICES[language]}, ", {}" if language == "fr" else " {}")
    surnames = _surnames(language)
    return Family(language, trades, surnames, surnames, joint, _OFFICE[language], trade_first=False)


def _of(city: str) -> str:
    return f"d'{city}" if city[0] in "AEIOU" else f"de {city}"


def _trades(table: dict[str, str], form: str) -> list[Trade]:
    return [
        Trade(form.format(text), slug(text), tag)
        for tag, texts in table.items()
        for text in split(texts)
    ]


def _surnames(language: str) -> list[Part]:
    return _parts(SURNAMES[language])


def _parts(text: str) -> list[Part]:
    return [_part(word) for word in text.split()]


def _part(text: str, place: Place | None = None) -> Part:
    short = slug(text)
    return Part(text, short, _stem(short), place)


def _stem(short: str) -> str:
    """The first letters of the first telling word: "saint-onesime" begins a code with ONESIM."""
    for opening in ("saint-", "sainte-", "st-"):
        short = short.removeprefix(opening)
    word = short.partition("-")[0]
    if len(word) < _MIN_STEM:
        word = short.replace("-", "")
    return word[:_MAX_STEM].upper()
