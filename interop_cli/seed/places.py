"""Where clients are: cities with their own postal and area codes, and their streets."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from interop_cli.seed import chance
from interop_cli.seed.chance import Draw

_FRENCH = (
    "rue Principale, rue Saint-Jean, rue Notre-Dame, rue de l'Église, rue du Quai, rue du Moulin,"
    " rue de la Gare, rue des Érables, rue des Pins, rue du Parc, rue Commerciale, rue Cartier,"
    " rue King Ouest, rue Wellington, rue Saint-Laurent, rue Dorchester, rue Racine,"
    " rue Saint-Joseph, rue des Forges, rue Bonaventure, rue Sherbrooke Est, rue Ontario Est,"
    " rue Beaubien Est, rue Fleury, rue de l'Industrie, rue des Artisans, rue Jean-Talon,"
    " rue des Entreprises, rue du Collège, rue de la Montagne, rue Champlain, rue Frontenac,"
    " boul. Laurier, boul. Charest Ouest, boul. Taschereau, boul. Saint-Joseph, boul. Talbot,"
    " boul. des Laurentides, boul. Curé-Labelle, boul. Industriel, boul. Gréber, boul. Pie-IX,"
    " boul. René-Lévesque, boul. Hamel, boul. Lemire, boul. Bourque, boul. Guillaume-Couture,"
    " av. du Parc, av. Cartier, av. Royale, av. du Mont-Royal Est, av. Papineau, av. de l'Église,"
    " av. Saint-Charles, av. Bégin, ch. Sainte-Foy, ch. de Chambly, ch. du Lac, ch. des Patriotes,"
    " ch. de la Grande-Côte, 1re Avenue, 3e Rang, 5e Rue, place du Marché, montée Masson,"
    " côte de la Montagne, route 132, route 138"
)
_RURAL = (
    "rue Principale, rue Principale, rue de l'Église, rue du Moulin, rue Saint-Joseph,"
    " rue du Couvent, rue de la Fabrique, rue des Érables, rue de la Rivière, rang Saint-Antoine,"
    " rang de la Rivière, rang du Bord-de-l'Eau, 1er Rang, 3e Rang, ch. du Lac,"
    " ch. de la Montagne, montée des Pins"
)
_ENGLISH = (
    "Main Street, Church Street, Maple Avenue, Lakeshore Road, Saint-Jacques Street,"
    " Sherbrooke Street West, Wellington Street, Victoria Avenue, King Street East, Station Road,"
    " Mill Street, Queen Street, Notre-Dame Street West, Saint-Laurent Boulevard, Hymus Boulevard,"
    " Cartier Avenue, Park Avenue, Saint-Charles Boulevard, Brunswick Boulevard, Sources Boulevard,"
    " Elm Street, River Road, Industrial Avenue, Monkland Avenue, Decarie Boulevard, Bridge Street,"
    " Concession Street, Principale Street, Court Street, Cedar Avenue"
)
_AMERICAN = "Main St, Church St, Elm St, Pearl St, State St, Broadway, Commercial St, Pine St"
_PARISIAN = (
    "rue de la République, rue Victor-Hugo, avenue Jean-Jaurès, rue des Lilas, rue du Commerce,"
    " boulevard Voltaire, place de la Mairie, quai de la Marne"
)


def _with_numbers(names: str, form: str) -> tuple[str, ...]:
    return tuple(form + name.strip() for name in names.split(","))


# By the language in Canada, by the country elsewhere; the number goes in.
STREETS = {
    "fr": _with_numbers(_FRENCH, "%d, "),
    "village": _with_numbers(_RURAL, "%d, "),
    "en": _with_numbers(_ENGLISH, "%d "),
    "US": _with_numbers(_AMERICAN, "%d "),
    "FR": _with_numbers(_PARISIAN, "%d "),
}
FLOORS = {
    "fr": (
        "bureau {}00",
        "bureau {}10",
        "local {}",
        "local {}",
        "unité {}",
        "suite {}01",
        "2e étage",
        "3e étage",
        "rez-de-chaussée",
        "porte {}",
        "C. P. {}0",
    ),
    "village": ("local {}", "2e étage", "C. P. {}0", "C. P. {}"),
    "en": (
        "Suite {}00",
        "Suite {}10",
        "Unit {}",
        "Unit {}",
        "2nd Floor",
        "3rd Floor",
        "P.O. Box {}0",
    ),
    "US": ("Suite {}00", "Unit {}", "2nd Floor"),
    "FR": ("bâtiment B", "escalier {}", "BP {}0", "2e étage"),
}

# How a county ends the name of a village, with the beginning of its postal codes and its area code.
COUNTIES = """
de-Kamouraska G0L 418
de-Témiscouata G0L 418
de-Bellechasse G0R 418
de-l'Islet G0R 418
de-Beauce G0S 418
de-Lotbinière G0S 418
de-Dorchester G0R 418
de-Mégantic G0N 418
de-Frontenac G0Y 819
de-Portneuf G0A 418
de-Montmorency G0A 418
de-Charlevoix G0T 418
de-Rimouski G0K 418
de-Matapédia G0J 418
de-Gaspé G0E 418
de-Bonaventure G0C 418
de-Roberval G0W 418
de-Chicoutimi G0V 418
de-Champlain G0X 819
de-Maskinongé J0K 819
de-Joliette J0K 450
de-Montcalm J0K 450
de-Rawdon J0K 450
de-Nicolet J0G 819
de-Yamaska J0G 450
d'Arthabaska G0P 819
de-Bagot J0H 450
de-Richelieu J0G 450
de-Verchères J0L 450
de-Rouville J0L 450
de-Brome J0E 450
de-Missisquoi J0J 450
de-Stanstead J0B 819
de-Compton J0B 819
de-Wolfe J0A 819
de-Huntingdon J0S 450
de-Beauharnois J0S 450
de-Soulanges J0P 450
d'Argenteuil J0V 819
de-Papineau J0V 819
de-Labelle J0W 819
des-Laurentides J0R 450
de-Pontiac J0X 819
d'Abitibi J0Y 819
de-Témiscamingue J0Z 819
"""


class Place(NamedTuple):
    """A city or village; ``postal`` are the beginnings of its codes, or whole codes abroad."""

    city: str
    province: str | None
    country: str
    postal: tuple[str, ...]
    areas: tuple[str, ...]


class Site(NamedTuple):
    """An address at a place."""

    line1: str
    line2: str | None
    postal_code: str


# weight, weight for English clients, city, postal codes, area codes
_QUEBEC = """
60 40 Montréal/H1L H1V H2K H2L H2P H2S H2T H2X H2Y H2Z H3A H3B H3C H3J H3S H4C H4N H4T/514 438
24  6 Québec/G1C G1E G1H G1J G1K G1L G1M G1N G1P G1R G1S G1V G1W G1X G2C G2E G2J G2K/418 581
12  8 Laval/H7A H7E H7G H7L H7M H7N H7P H7R H7S H7T H7V H7W/450 579
10 10 Gatineau/J8P J8R J8T J8V J8X J8Y J8Z J9A J9H J9J/819 873
10  6 Longueuil/J4G J4H J4J J4K J4L J4M J4N/450 579
10  8 Sherbrooke/J1C J1E J1G J1H J1J J1K J1L J1M J1N/819 873
 8  0 Saguenay/G7G G7H G7J G7K G7S G7T G7X G7Y G7Z/418 581
 8  0 Lévis/G6C G6J G6K G6V G6W G6X G6Y G6Z/418 581
 8  1 Trois-Rivières/G8T G8V G8W G8Y G8Z G9A G9B/819 873
 6  1 Terrebonne/J6V J6W J6X J6Y/450
 5  1 Saint-Jean-sur-Richelieu/J2W J2X J2Y J3A J3B/450
 5  1 Repentigny/J5Y J5Z J6A/450
 4  4 Brossard/J4W J4X J4Y J4Z/450
 6  1 Drummondville/J2A J2B J2C/819
 5  1 Saint-Jérôme/J5L J7Y J7Z/450
 5  2 Granby/J2G J2H J2J/450
 3  1 Blainville/J7B J7C/450
 4  0 Saint-Hyacinthe/J2R J2S J2T/450
 4  1 Rimouski/G5L G5M G5N/418
 4  0 Victoriaville/G6P G6R G6S G6T/819
 4  1 Rouyn-Noranda/J9X J9Y/819
 3  1 Shawinigan/G9N G9P G9R G9T/819
 2  2 Salaberry-de-Valleyfield/J6S J6T/450
 2  0 Sorel-Tracy/J3P J3R/450
 2  0 Mascouche/J7K J7L/450
 2  0 Mirabel/J7J J7N/450
 3  1 Val-d'Or/J9P/819
 4  0 Saint-Georges/G5Y G5Z G6A/418
 3  0 Alma/G8B G8C/418
 3  1 Boucherville/J4B/450
 3  3 Vaudreuil-Dorion/J7V/450
 2  2 Châteauguay/J6J J6K/450
 3  1 Saint-Eustache/J7P J7R/450
 3  0 Rivière-du-Loup/G5R/418
 2  1 Sept-Îles/G4R G4S/418
 3  1 Thetford Mines/G6G G6H/418
 3  3 Magog/J1X/819
 2  0 Baie-Comeau/G4Z G5C/418
 3  0 Joliette/J6E/450
 2  0 Sainte-Thérèse/J7E/450
 2  1 Chambly/J3L/450
 2  0 Beloeil/J3G/450
 2  0 Varennes/J3X/450
 2  1 Candiac/J5R/450
 2  3 Saint-Lambert/J4P J4R J4S/450
 2  3 Cowansville/J2K/450
 2  2 Lachute/J8H/450
 2  0 Montmagny/G5V/418
 2  0 Matane/G4W/418
 2  1 Gaspé/G4X/418
 2  0 Dolbeau-Mistassini/G8L/418
 1  0 Roberval/G8H/418
 1  0 Saint-Félicien/G8K/418
 2  0 Amos/J9T/819
 1  0 La Tuque/G9X/819
 1  0 Mont-Laurier/J9L/819
 2  0 Lac-Mégantic/G6B/819
 2  0 Sainte-Marie/G6E/418
 1  0 La Malbaie/G5A/418
 2  0 Baie-Saint-Paul/G3Z/418
 2  2 Bromont/J2L/450
 1  1 Coaticook/J1A/819
 2  0 Bécancour/G9H/819
 1  0 Nicolet/J3T/819
 1  0 Louiseville/J5V/819
 2  1 Sainte-Agathe-des-Monts/J8C/819
 2  2 Mont-Tremblant/J8E/819
 1  0 Amqui/G5J/418
 2  8 Pointe-Claire/H9R/514 438
 2  6 Dorval/H9P H9S/514 438
 1  5 Kirkland/H9H H9J/514
 1  4 Beaconsfield/H9W/514
 2  6 Dollard-des-Ormeaux/H9A H9B H9G/514 438
 1  6 Westmount/H3Y H3Z/514 438
 2  4 Mont-Royal/H3P H3R/514
 1  4 Côte Saint-Luc/H4V H4W/514
 0  3 Lac-Brome/J0E/450
 0  3 Hudson/J0P/450
 0  3 Stanstead/J0B/819
"""
# The same, with province and country before the city.
_ELSEWHERE = """
3 4 ON CA Ottawa/K1N K1P K1R K1S K1Z K2P/613 343
1 4 ON CA Toronto/M5A M5H M5V M6K/416 647
1 1 ON CA Cornwall/K6H K6J/613
1 1 ON CA Hawkesbury/K6A/613
0 2 ON CA Mississauga/L4W L5B/905 289
0 1 ON CA Kingston/K7L/613 343
1 2 NB CA Moncton/E1C E1E/506
2 0 NB CA Edmundston/E3V/506
1 0 NB CA Caraquet/E1W/506
0 1 NB CA Fredericton/E3B/506
0 2 VT US Burlington/05401/802
0 2 NY US Plattsburgh/12901/518
0 1 NY US Albany/12207/518
0 1 MA US Boston/02110 02116/617
0 1 ME US Portland/04101/207
0 1 NH US Manchester/03101/603
0 1 NY US New York/10011 10018/212
2 0 - FR Paris/75003 75010 75011/01_99_00
1 0 - FR Lyon/69002 69007/04_65_71
1 0 - FR Rennes/35000/02_61_91
1 0 - FR Lille/59000/03_53_01
1 0 - FR Bordeaux/33000/05_36_49
"""
_WITH_LINE2 = 0.28
_HIGHEST = 9800


@cache
def cities(language: str) -> tuple[Place, ...]:
    """The cities of clients of a language, each as often as its weight."""
    found: list[Place] = []
    for weights, place in _read():
        found += [place] * weights[language]
    return tuple(found)


@cache
def quebec_cities(language: str = "fr") -> tuple[Place, ...]:
    """The cities of Quebec that have clients of a language, each once."""
    return tuple(
        place for weights, place in _read() if place.province == "QC" and weights[language]
    )


@cache
def counties() -> tuple[Place, ...]:
    """The ends of the names of villages that do not exist ("de-Bellechasse"), with their codes."""
    return tuple(
        Place(county, "QC", "CA", (postal,), (area,))
        for county, postal, area in map(str.split, COUNTIES.strip().splitlines())
    )


def _read() -> list[tuple[dict[str, int], Place]]:
    rows = [line.split(None, 2) for line in _QUEBEC.strip().splitlines()]
    lines = [(french, english, f"QC CA {rest}") for french, english, rest in rows]
    lines += [tuple(line.split(None, 2)) for line in _ELSEWHERE.strip().splitlines()]  # type: ignore[misc]
    found = []
    for french, english, rest in lines:
        province, country, names = rest.split(None, 2)
        city, postal, areas = names.split("/")
        place = Place(
            city,
            None if province == "-" else province,
            country,
            tuple(postal.split()),
            tuple(area.replace("_", " ") for area in areas.split()),
        )
        found.append(({"fr": int(french), "en": int(english)}, place))
    return found


def site(place: Place, language: str, draw: Draw) -> Site:
    """A street address at the place, written as people of the language write it there."""
    country = place.country
    style = language if country == "CA" else country
    if style == "fr" and place.postal[0][1] == "0":
        style = "village"  # a zero is the country
    line1 = draw.pick(STREETS[style]) % (1 + int(draw.next() ** 3 * _HIGHEST))  # most are low
    line2 = None
    if draw.next() < _WITH_LINE2:
        line2 = draw.pick(FLOORS[style]).format(1 + draw.below(40))
    postal = draw.pick(place.postal)
    return Site(line1, line2, chance.postal_code(postal, draw) if country == "CA" else postal)


def phone(place: Place, language: str, draw: Draw) -> str:
    """A phone number at the place."""
    area = draw.pick(place.areas)
    if place.country == "FR":
        return chance.french_phone(area, draw)
    return chance.phone(area, language, draw)
