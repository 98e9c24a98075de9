"""Streets and counties: the words of addresses."""

from __future__ import annotations

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
        "bureau {}00", "bureau {}10", "local {}", "local {}", "unité {}", "suite {}01",
        "2e étage", "3e étage", "rez-de-chaussée", "porte {}", "C. P. {}0",
    ),
    "village": ("local {}", "2e étage", "C. P. {}0", "C. P. {}"),
    "en": (
        "Suite {}00", "Suite {}10", "Unit {}", "Unit {}", "2nd Floor", "3rd Floor",
        "P.O. Box {}0",
    ),
    "US": ("Suite {}00", "Unit {}", "2nd Floor"),
    "FR": ("bâtiment B", "escalier {}", "BP {}0", "2e étage"),
}  # fmt: skip

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
