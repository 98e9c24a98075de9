"""The words that names are made of, in French and English."""

from __future__ import annotations

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
