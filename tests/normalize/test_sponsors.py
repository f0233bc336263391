"""Names of organizations -> one organization: what must become one, what must stay apart, and the class by evidence."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalize.sponsor_file import organizations as known_organizations
from normalize.sponsor_names import is_nobody, repaired
from normalize.sponsors import Alias, NameUse, Organization, organizations


def _found(*names: str) -> tuple[dict[str, Organization], dict[str, Alias]]:
    rows, aliases, _ = organizations(NameUse(name, None, 1) for name in names)
    return {row.sponsor_id: row for row in rows}, {alias.name_raw: alias for alias in aliases}


def _ids(*names: str) -> list[str]:
    _, aliases = _found(*names)
    return [aliases[name].sponsor_id for name in names]


ONE = {
    "case, accents, punctuation": ["Hôpital Delmas", "HOPITAL DELMAS", "Hopital, Delmas."],
    "legal forms": ["Quivarex GmbH", "Quivarex", "Quivarex Inc.", "QUIVAREX S.p.A.", "Quivarex Co., Ltd.", "Quivarex A/S"],
    "words of business": ["Quivarex", "Quivarex Pharmaceuticals Ltd", "Quivarex Research & Development"],
    "word order": ["Hospital Sandvika", "Sandvika Hospital"],
    "words split otherwise": ["Brontavida Lumen Institute", "BrontaVidaLumen Institute"],
    "translation": ["Universidad de Valdoria", "University of Valdoria", "Université de Valdoria", "Valdoria University"],
    "abbreviation in brackets": ["Nordmark Sarcoma Study Group (NSSG)", "Nordmark Sarcoma Study Group", "NSSG"],
    "department": ["Zelmora Hospital", "Department of Cardiology, Zelmora Hospital", "Zelmora Hospital, Clinical Trials Unit"],
    "hospital with and without its university": ["Zelmora Hospital", "Zelmora University Hospital"],
    "town added": ["Zelmora Hospital", "Zelmora Hospital, Hamburg"],
    "typing error": ["Instituto Carbonell de Oncología", "Instituto Carbonnell de Oncología"],
    "typing error in a general word": ["Zelmora Univeristy Hospital", "Zelmora University Hospital"],
    "UTF-8 read as another encoding": ["Fundación Valdoria", "FundaciÃ³n Valdoria", "Fundaci√≥n Valdoria", "FundaciA3n Valdoria"],
    "accents lost on the way": ["Fundación Valdoria Investigación", "Fundacin Valdoria Investigacin"],
    "subsidiary said so": ["Quivarex Ltd", "Quivarex Ltd, a wholly owned subsidiary of Zeltanor Inc."],
    "the list: cases of a name": [
        "Assistance Publique - Hôpitaux de Paris", "ASSISTANCE PUBLIQUE - HOPITAUX DE PARIS (AP-HP)", "AP-HP",
    ],
    "the list: native and English": ["Medizinische Universität Wien", "Medical University of Vienna"],
    "the list: country forms of a company": ["Pfizer Pharma GmbH", "Pfizer Norge AS", "Pfizer Hungary Kft., 12 Alkotas utca, Budapest"],
    "the list: department": ["Karolinska Universitetssjukhuset", "Dept of Oncology, Karolinska University Hospital, Stockholm"],
    "the list: misspelt": ["Boehringer Ingelheim", "Boehringger Ingelheim Norway KS"],
    "number written so and so": ["Ankang No. 3 Hospital", "Third Ankang Hospital", "Ankang 3rd Hospital"],
    "hospital in a compound": ["Zelmoraziekenhuis", "Zelmora Ziekenhuis", "Zelmora Hospital"],
    "syllables kept apart": ["Hospital of He'nan", "Henan Hospital", "He’nan Hospital"],
    "hospital group": ["Groupe Hospitalier Delmas", "Hôpital Delmas"],
    "the list: a foundation that is one by name": ["Fondation Adolphe de Rothschild", "Fondation Ophtalmologique Adolphe de Rothschild"],
    "a hospital shortened": ["CH Valdoria", "Centre Hospitalier de Valdoria"],
    "a hospital without profit": ["Klinikum Zelmora gem. GmbH", "Klinikum Zelmora gAG", "Klinikum Zelmora"],
    "a canton's hospital": ["Kantonsspital Winterthur", "Cantonal Hospital Winterthur"],
    "the list: before and after a change of name": ["Quintiles, Inc.", "IQVIA Ltd"],
    "the list: accents lost": ["University of Rzeszów", "University of Rzeszw"],
    "the list: before and after a merger": ["Luton & Dunstable Hospital NHS Trust", "Bedfordshire Hospitals NHS Foundation Trust"],
    "the list: compound": ["Maasstad Hospital", "Maasstadziekenhuis, Rotterdam"],
    "the list: heads repeated": ["Royal National Orthopaedic Hospital", "Royal National Orthopaedic Hospital NHS Trust"],
    "the list: sponsors together": [
        "NHS Greater Glasgow and Clyde / University of Glasgow", "University of Glasgow and NHS Greater Glasgow & Clyde Board",
    ],
    "the list: its owner told": ["Kite Pharma", "Kite, A Gilead Company"],
    "the list: a center before its university": ["University of Edinburgh", "ACCORD University of Edinburgh"],
    "the list: abbreviation": ["EORTC", "European Organisation for Research and Treatment of Cancer - EORTC"],
}  # fmt: skip


@pytest.mark.parametrize("names", ONE.values(), ids=ONE)
def test_spellings_of_one_organization_are_one(names: list[str]) -> None:
    assert len(set(_ids(*names))) == 1, _ids(*names)


APART = {
    "Merck of Rahway and Merck of Darmstadt": ["Merck Sharp & Dohme LLC", "Merck KGaA, Darmstadt, Germany", "Merck"],
    "two universities of two Newcastles": ["University of Newcastle, Australia", "Newcastle University"],
    "two universities named Washington": ["University of Washington", "Washington University School of Medicine"],
    "a company in a town's name": ["Roche", "University of Rochester", "Centre Hospitalier La Roche-sur-Yon"],
    "Biogen": ["Biogen", "NeuroBiogen", "Biogen-Dompé"],
    "numerals": ["First Affiliated Hospital of Zelmora University", "Second Affiliated Hospital of Zelmora University"],
    "numbers": ["Ankang Hospital No. 3", "Ankang Hospital No. 4"],
    "one name in two towns": ["St. Mary's Hospital, Springfield", "St. Mary's Hospital, Shelbyville"],
    "one name in two cities, and without": ["Zelmora Hospital, Hamburg", "Zelmora Hospital, Leipzig"],
    "a hospital and its foundation": ["Zelmora Hospital", "Zelmora Hospital Foundation"],
    "a company and its foundation": ["Novartis", "Novartis Foundation"],
    "provinces a letter apart": ["Henan Zelmora Hospital", "Hunan Zelmora Hospital"],
    "affiliated hospitals of a known university": ["Sun Yat-sen University", "The Fourth Affiliated Hospital of Sun Yat-sen University"],
    "two universities of a city": ["Zhejiang University", "Zhejiang Chinese Medical University"],
    "hospitals of one name": ["Zhongshan Hospital, Fudan University", "Zhongshan Hospital, Xiamen University"],
    "ministries": ["Ministry of Science and Technology, China", "Ministry of Science and Technology, Vietnam"],
    "initials of a university in another town": ["University College London (UCL)", "University of Lausanne (UCL)"],
    "the university before the initials": ["UCL", "Université catholique de Louvain (UCL)"],
    "general words in a longer name": ["Bio Farma", "Quivarex Pacific Bio Pharmaceutical Co Ltd"],
    "a part of a name that is another's word": ["Il-Yang Pharm. Co., Ltd.", "Yang Biomedical Institute"],
    "what is united, and Bristol": ["United Brontavida Pharma", "United Bristol Healthcare NHS Trust", "United Zelmora"],
    "an ordinary word as a company's name": ["Summit Therapeutics", "Summit Medical Group", "Summit Hospital"],
    "a company with a university's name": ["Duke University", "Duke Therapeutics", "Cornell Pharmaceuticals", "Weill Cornell Medicine"],
    "campuses of a state's university": ["University of North Carolina at Chapel Hill", "University of North Carolina, Charlotte"],
    "clinics of one kind": ["IVF Australia", "Boston IVF", "Sydney IVF"],
    "hospitals of one name in two provinces": ["Shanghai Xinhua Hospital", "Xin Hua Hospital of Zhejiang Province"],
    "hospitals of one name in two countries": [
        "Hospital for Sick Children", "Royal Hospital for Sick Children, Glasgow", "Royal Hospital for Sick Children, Edinburgh",
    ],
    "a saint's hospital and the town's": ["Klinikum Dortmund", "St. Johannes Hospital Dortmund"],
    "councils of two countries": ["Research Council of Norway", "Research Council of Lithuania"],
    "a council and one in another country": ["Medical Research Council", "Medical Research Council of South-East Sweden"],
    "one name, two countries": ["Zelmora Board, Belgium", "Zelmora Board, Chile"],
    "two together and each alone": [
        "NHS Greater Glasgow and Clyde", "University of Glasgow", "NHS Greater Glasgow and Clyde / University of Glasgow",
    ],
    "a company of the town's name": ["Shanghai Pharmaceuticals Holding Co., Ltd.", "Zelmora (Shanghai) Pharmaceuticals Co., Ltd."],
    "a center and a company": ["Atrium Medical Center", "Atrium Medical Corporation"],
    "a word that is a number elsewhere": ["Premier Quivarex Institute", "First Quivarex Institute"],
    "two Scherings": ["Schering AG", "Schering Corporation"],
    "universities of a town": ["University of Tokyo", "Tokyo University of Science"],
    "a university of its own name in the town": [
        "University of Toronto", "York University, Toronto", "Ryerson University, Toronto", "Zelmora University in Toronto",
    ],
    "a university of its own name in the town, and of": ["University of Pennsylvania", "Indiana University", "Indiana University of Pennsylvania"],
    "cities' universities": ["City University of Hong Kong", "University of Hong Kong", "Chinese University of Hong Kong"],
    "centers for disease control": [
        "Centers for Disease Control and Prevention", "Zhejiang Provincial Center for Disease Control and Prevention",
        "European Centre for Disease Prevention and Control", "Chinese Center for Disease Control and Prevention",
    ],
    "agencies for food and drugs": ["Food and Drug Administration", "Thai Food and Drug Administration"],
    "research of cancer": ["Institute of Cancer Research", "Cancer Research Institute, Tehran", "Cancer Research Institute"],
    "general words of another's name": ["Knowledge Center for Dementia", "KCE", "Norwegian Knowledge Centre for the Health Services"],
    "sciences in a name": ["Universiti Sains Malaysia", "Universiti Sains Islam Malaysia"],
    "a namesake in Brazil": ["Hospital Santo António, Porto", "Hospital Santo Antônio - Sinop, MT, Brazil"],
    "parts of a kingdom": ["University of the West of England", "University of the West of Scotland"],
    "points of the compass": ["Northwestern University", "Northeastern University, Boston"],
    "a namesake in another state": ["University of Cambridge", "University of Cambridge, Massachusetts"],
    "a hospital's namesake in another state": ["York Hospital", "York Hospital, Maine"],
    "a company with a word of an institute": ["Karolinska Institutet", "Karolinska Development AB", "Karolinska Universitetssjukhuset"],
    "a company of science with a university's name": ["Harvard University", "Harvard Bioscience"],
    "a company and an endowment": ["Eli Lilly", "Lilly Endowment"],
    "universities with and without medicine": ["Shiraz University", "Shiraz University of Medical Sciences", "University of Tabriz", "Tabriz Medical University"],
    "a state's universities": ["Texas A&M University", "University of Texas"],
    "parts of a town": ["Sydney Local Health District", "Western Sydney Local Health District"],
    "ministries of no and of one country": ["Ministry of Health", "Ministry of Health, France"],
    "institutes for cancer": [
        "Maria Sklodowska-Curie National Research Institute of Oncology", "National Cancer Institute, Naples", "Instituto Nacional de Oncología, Chile",
    ],
    "colleges of one name": ["Christian Medical College Vellore", "Christian Medical College, Ludhiana"],
    "orders of hospitals": ["Hospital Sant Joan de Déu", "Hospital San Juan de Dios, Pamplona"],
    "invented words a letter apart": ["Robavenol", "Ribavenol"],
    "a hospital of the north": ["University Hospital of North Norway", "Krankenhaus Nord"],
    "a university and the town's hospital": ["CHU de Grenoble", "Université Grenoble Alpes"],
    "institutes of one name": ["Institut Pasteur", "Institut Pasteur de Lille"],
    "a name a letter away": ["Asklepios Kliniken", "Asklepion Pharmaceuticals LLC"],
    "a university a letter away": ["Villanova University", "Hospital Arnau de Vilanova de Valencia"],
    "what was split off": ["GlaxoSmithKline", "Haleon", "Johnson & Johnson", "Kenvue", "Novartis", "Sandoz", "Merck Sharp & Dohme", "Organon"],
    "an abbreviation with two owners": ["Baltic Lung Group (BALG)", "Bavarian Leukemia League (BALG)"],
}  # fmt: skip


@pytest.mark.parametrize("names", APART.values(), ids=APART)
def test_organizations_alike_stay_apart(names: list[str]) -> None:
    assert len(set(_ids(*names))) == len(names), _ids(*names)


@pytest.mark.parametrize(
    "name",
    ["Unknown", "none", "N/A", "n.a.", "Sponsor not yet defined", "-", " ", "Nil", "123", "Self-raised",
     "Self-selected topic (Self-Funded)", "fund=initiator=sponsor", "Investigator initiated and funded", "Own resources", "Recursos propios",
     "Institutional budget, no external funding (budget of sponsor/PI)", "Not yet funded"],
)  # fmt: skip
def test_nobody_is_no_organization(name: str) -> None:
    assert is_nobody(name)
    assert organizations([NameUse(name, "industry", 3)]) == ([], [], [])


@pytest.mark.parametrize(
    ("name", "class_"),
    [
        ("Zelmora University", "academic_or_hospital"),
        ("Azienda Ospedaliera Valdoria", "academic_or_hospital"),
        ("Quivarex GmbH", "industry"),
        ("Quivarex Therapeutics", "industry"),
        ("Ministerio de Pesca de Valdoria", "government"),
        ("Valdoria Cancer Study Group", "network"),
        ("Fundación Valdoria", "other_nonprofit"),
        ("Prof. Dr. Ilse Quandt", "individual"),
        ("Quivarex", "unknown"),
    ],
)
def test_class_by_words_of_the_name(name: str, class_: str) -> None:
    (row,), (alias,), _ = organizations([NameUse(name, None, 1)])
    assert row.class_ == class_
    assert alias.rule.endswith("class from words of the name")


@pytest.mark.parametrize(
    ("person", "organization"),
    [
        ("Takeda Hiroshi", "Takeda"),
        ("Christian Meyer", "Ospedale Pediatrico Meyer"),
        ("Anna Duke, MD", "Duke University"),
        ("Dr. Baltasar Roche", "Roche"),
        ("Marianna Quandt", "St. Marianna University"),
        ("Federico Rossi Quaranta", "University of Naples Federico II"),
        ("Dr Li Yang", "Il-Yang"),
        ("Takeda Kuniyoshi", "Takeda"),
    ],
)
def test_a_person_of_an_organizations_name_is_a_person(person: str, organization: str) -> None:
    rows, aliases = _found(person, organization)
    assert aliases[person].sponsor_id != aliases[organization].sponsor_id
    assert rows[aliases[person].sponsor_id].class_ == "individual"


@pytest.mark.parametrize(
    ("name", "sponsor_id"),
    [
        ("Pierre Fabre Médicament", "pierre-fabre"),
        ("Prof. Quandt, Charité", "charite"),
        ("Dr. Ilse Quandt, Karolinska University Hospital", "karolinska-university-hospital"),
        ("Takeda Nordics AB", "takeda"),
        ("Orion Corporation, Orion Pharma", "orion"),
        ("Cook Medical", "cook"),
        ("Rigshospitalet, Cardiology Laboratory 2013", "rigshospitalet"),
        ("Eli Lilly and Company", "eli-lilly"),
        ("Hospital La Fe", "hospital-universitari-i-politecnic-la-fe"),
    ],
)
def test_organizations_with_a_persons_name_or_beside_one_are_found(name: str, sponsor_id: str) -> None:
    assert _ids(name) == [sponsor_id]


@pytest.mark.parametrize("name", ["Zelmoraklinik Altdorf-Wolfgang", "Herzstiftung Ulrich Quandt", "Brontapharma Anna"])
def test_a_person_in_an_organizations_name_makes_it_no_person(name: str) -> None:
    assert _found(name)[0][_ids(name)[0]].class_ != "individual"


def test_whom_the_registry_calls_individual_is_a_person() -> None:
    rows, aliases, _ = organizations(
        [NameUse("Percy Tang", "individual", 1), NameUse("Zelmora Hospital", "individual", 1)]
    )
    assert {row.name: row.class_ for row in rows}["Percy Tang"] == "individual"
    assert {alias.name_raw: alias.sponsor_id for alias in aliases}["Percy Tang"] == "percy-tang"


def test_class_of_the_registry_comes_before_the_words() -> None:
    (row,), aliases, _ = organizations(
        [
            NameUse("Quivarex", "industry", 2),
            NameUse("Quivarex", "government", 1),
            NameUse("Quivarex", "unknown", 9),
            NameUse("Quivarex Ltd", None, 1),
        ]
    )
    assert row.class_ == "industry"
    assert all(alias.rule.endswith("class from the registry") for alias in aliases)


def test_takeovers_lead_to_their_parent_even_where_no_name_names_it() -> None:
    rows, aliases = _found("Genentech, Inc.")
    own = rows[aliases["Genentech, Inc."].sponsor_id]
    assert own.parent_sponsor_id == "roche"
    assert rows["roche"].country_code == "CH"


def test_the_name_shown_is_the_most_used_spelling() -> None:
    (row,), _, _ = organizations([NameUse("QUIVAREX LTD", None, 1), NameUse("Quivarex Ltd.", None, 5)])
    assert (row.sponsor_id, row.name) == ("quivarex", "Quivarex Ltd.")


def test_ids_are_unique_and_every_alias_and_parent_has_its_row() -> None:
    names = [name for group in (*ONE.values(), *APART.values()) for name in group]
    rows, aliases, _ = organizations(NameUse(name, None, 1) for name in names)
    ids = [row.sponsor_id for row in rows]
    assert len(set(ids)) == len(ids)
    assert {alias.sponsor_id for alias in aliases} | {row.parent_sponsor_id for row in rows} - {None} <= set(ids)
    assert {alias.name_raw for alias in aliases} == set(names)


def test_the_order_of_names_does_not_matter() -> None:
    uses = [NameUse(name, None, 1) for group in (*ONE.values(), *APART.values()) for name in group]
    expected = organizations(uses)
    for seed in range(3):
        random.Random(seed).shuffle(uses)
        assert organizations(uses) == expected


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=20, max_size=30))  # a call costs the same for one name and for thirty
def test_any_text_is_read(names: list[str]) -> None:
    rows, aliases, _ = organizations(NameUse(name, None, 1) for name in names)
    assert {alias.name_raw for alias in aliases} == {name for name in names if not is_nobody(name)}
    assert {alias.sponsor_id for alias in aliases} <= {row.sponsor_id for row in rows}


def test_a_very_long_name_is_read() -> None:
    assert len(organizations([NameUse("Hospital ( - , A3 " * 5_000, None, 1)])[1]) == 1


def test_repair_leaves_good_text_alone() -> None:
    for text in ("Charité", "Merck KGaA, Darmstadt", "RNA-A Trial", "Â", "Ã", "DNA3 Ltd"):
        assert repaired(text) == text


def test_every_known_organization_is_found_by_its_own_name() -> None:
    known = known_organizations()
    _, aliases, _ = organizations(NameUse(name, None, 1) for name in known)
    ids = {alias.name_raw: alias.rule for alias in aliases}
    assert all(ids[name].startswith("name in organizations.yml") for name in known)


def test_a_persons_word_goes_before_every_rule() -> None:
    uses = [NameUse(name, None, 1) for name in ("Quivarex GmbH", "Quivarex Austria", "Zelmora Hospital", "Brontavida")]
    found = organizations(
        uses,
        {
            "Quivarex Austria": "Zelmora Hospital",  # another spelling of the catalogue
            "Brontavida": "Pfizer",  # an organization of the list that no name of the catalogue names
            "Quivarex GmbH": "Valdoria Holding",  # one that nothing else names
            "Not in the catalogue": "Pfizer",
        },
    )
    of = {alias.name_raw: alias for alias in found.aliases}
    assert of["Quivarex Austria"].sponsor_id == of["Zelmora Hospital"].sponsor_id
    assert of["Quivarex Austria"].rule.startswith("written by hand")
    assert of["Brontavida"].sponsor_id == "pfizer"
    assert of["Quivarex GmbH"].sponsor_id == "valdoria-holding"
    assert "Valdoria Holding" in {row.name for row in found.organizations}
    assert {alias.sponsor_id for alias in found.aliases} <= {row.sponsor_id for row in found.organizations}


def test_overrides_that_change_places_do_not_follow_each_other() -> None:
    names = ["Quivarex", "Brontavida"]
    found = organizations(
        [NameUse(name, None, 1) for name in names], {"Quivarex": "Brontavida", "Brontavida": "Quivarex"}
    )
    assert len({alias.sponsor_id for alias in found.aliases}) == 2


def test_near_misses_are_told_with_their_likeness() -> None:
    found = organizations([NameUse(name, None, 1) for name in ("Quivarex Brontavida", "Quivarex Brontavida Lumen")])
    assert [alias.sponsor_id for alias in found.aliases] == ["quivarex-brontavida", "quivarex-brontavida-lumen"]
    (candidate,) = found.candidates
    assert {candidate.name_raw, candidate.other_name_raw} == {"Quivarex Brontavida", "Quivarex Brontavida Lumen"}
    assert 0.6 <= candidate.likeness < 0.8
