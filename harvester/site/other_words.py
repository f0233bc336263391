"""Site room: the same thing in other words: established abbreviations and their full names, British and American spellings.

Two curated tables, one thing a line. `finding` widens a search by them, and the page of the search says so. Pure.
"""

from __future__ import annotations

from collections import defaultdict

from normalize.text import fold

#: Whoever types one of a line finds all of it. In clinical trials these abbreviations mean hardly anything else.
_SAME = """
# pregnancy and its losses
RPL = recurrent pregnancy loss = recurrent pregnancy losses
preeclampsia = pre-eclampsia = preeclamptic toxemia
HELLP = hemolysis elevated liver enzymes = haemolysis elevated liver enzymes
IUGR = FGR = intrauterine growth restriction = intrauterine growth retardation = fetal growth restriction = foetal growth restriction
GDM = gestational diabetes = gestational diabetes mellitus
PPROM = preterm premature rupture of membranes = preterm prelabour rupture of membranes = preterm prelabor rupture of membranes
OHSS = ovarian hyperstimulation syndrome
AFLP = acute fatty liver of pregnancy
NIPT = noninvasive prenatal testing = non-invasive prenatal testing
FNAIT = NAIT = neonatal alloimmune thrombocytopenia
HDFN = hemolytic disease of the fetus = haemolytic disease of the fetus = haemolytic disease of the foetus
TTTS = twin to twin transfusion syndrome = twin twin transfusion syndrome
PPCM = peripartum cardiomyopathy
VBAC = vaginal birth after cesarean = vaginal birth after caesarean
stillbirth = still birth
# reproductive medicine
IVF = in vitro fertilization = in vitro fertilisation
ICSI = intracytoplasmic sperm injection
IUI = intrauterine insemination
PGT = preimplantation genetic testing = pre-implantation genetic testing
PGT-A = preimplantation genetic testing for aneuploidy = preimplantation genetic testing for aneuploidies = preimplantation genetic screening
PGT-M = preimplantation genetic testing for monogenic
PCOS = polycystic ovary syndrome = polycystic ovarian syndrome
hCG = human chorionic gonadotropin = human chorionic gonadotrophin
FSH = follicle stimulating hormone
AMH = anti-mullerian hormone = antimullerian hormone
GnRH = gonadotropin releasing hormone = gonadotrophin releasing hormone
# lupus, antiphospholipid syndrome and their kin
SLE = systemic lupus erythematosus
SLEDAI = systemic lupus erythematosus disease activity index
BILAG = british isles lupus assessment group
APS = antiphospholipid syndrome = anti-phospholipid syndrome = antiphospholipid antibody syndrome
OAPS = obstetric antiphospholipid syndrome
MCTD = mixed connective tissue disease
UCTD = undifferentiated connective tissue disease
ITP = immune thrombocytopenia = immune thrombocytopenic purpura = idiopathic thrombocytopenic purpura
iTTP = immune thrombotic thrombocytopenic purpura
aHUS = atypical hemolytic uremic syndrome = atypical haemolytic uraemic syndrome
PNH = paroxysmal nocturnal hemoglobinuria = paroxysmal nocturnal haemoglobinuria
AIHA = autoimmune hemolytic anemia = autoimmune haemolytic anaemia
VTE = venous thromboembolism = venous thromboembolic
DVT = deep vein thrombosis = deep venous thrombosis
# treatments
LMWH = low molecular weight heparin
UFH = unfractionated heparin
IVIG = intravenous immunoglobulin = intravenous immune globulin = intravenous gammaglobulin = immunoglobulin intravenous
SCIG = subcutaneous immunoglobulin = subcutaneous immune globulin
HCQ = hydroxychloroquine = hydroxychloroquin
MMF = mycophenolate mofetil
MTX = methotrexate
DOAC = NOAC = direct oral anticoagulant = non-vitamin K antagonist oral anticoagulant
VKA = vitamin K antagonist
NSAID = nonsteroidal anti-inflammatory drug = non-steroidal anti-inflammatory drug
G-CSF = GCSF = granulocyte colony stimulating factor
IL-2 = IL2 = interleukin-2
IL-6 = IL6 = interleukin-6
TNF = tumor necrosis factor = tumour necrosis factor
aspirin = acetylsalicylic acid
ciclosporin = cyclosporine = cyclosporin
PBMC = peripheral blood mononuclear cell
BMI = body mass index
# rare diseases
FMF = familial mediterranean fever
HAE = hereditary angioedema = hereditary angiooedema
PKU = phenylketonuria
# British and American spellings
anemia = anaemia
cesarean = caesarean
edema = oedema
estradiol = oestradiol
estrogen = oestrogen
fertilization = fertilisation
fetal = foetal
fetus = foetus
hematoma = haematoma
hemoglobin = haemoglobin
hemolytic = haemolytic
hemophilia = haemophilia
hemorrhage = haemorrhage
ischemia = ischaemia
labor = labour
leukemia = leukaemia
pediatric = paediatric
preimplantation = pre-implantation
preterm = pre-term
progestogen = progestagen
tumor = tumour
"""

#: Abbreviations, first in each line, that also mean something else: typed, they are spelled out too; whoever types a full name gets no
#: trials of the other meaning.
_SPELLED_OUT = """
aPL = antiphospholipid antibody = antiphospholipid antibodies
ART = assisted reproductive technology = assisted reproduction
ASA = aspirin = acetylsalicylic acid
AZA = azathioprine
CAPS = catastrophic antiphospholipid syndrome
CHB = congenital heart block
CHI = chronic histiocytic intervillositis
CsA = ciclosporin = cyclosporine = cyclosporin
CYC = cyclophosphamide
FET = frozen embryo transfer
GTN = gestational trophoblastic neoplasia
ICP = intrahepatic cholestasis of pregnancy
LDA = low dose aspirin
LIT = lymphocyte immunotherapy
LN = lupus nephritis
NVP = nausea and vomiting of pregnancy
PAH = pulmonary arterial hypertension
PGD = preimplantation genetic diagnosis = pre-implantation genetic diagnosis
POI = primary ovarian insufficiency = premature ovarian insufficiency
PPH = postpartum hemorrhage = postpartum haemorrhage
PRP = platelet rich plasma
RA = rheumatoid arthritis
RIF = recurrent implantation failure
RM = recurrent miscarriage
RSA = recurrent spontaneous abortion
RTX = rituximab
SCD = sickle cell disease
TTP = thrombotic thrombocytopenic purpura
VUE = villitis of unknown etiology = villitis of unknown aetiology
"""


def _things(table: str) -> list[list[str]]:
    return [line.split(" = ") for line in table.strip().splitlines() if not line.startswith("#")]


SAME, SPELLED_OUT = _things(_SAME), _things(_SPELLED_OUT)


def _others() -> dict[str, tuple[str, ...]]:
    """Folded words -> the other words for the same."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for thing in SAME:
        for words in thing:
            found[fold(words)] |= dict.fromkeys(other for other in thing if other != words)
    for abbreviation, *names in SPELLED_OUT:
        found[fold(abbreviation)] |= dict.fromkeys(names)
    return {words: tuple(others) for words, others in found.items()}


_OTHERS = _others()


def other_words(text: str) -> tuple[str, ...]:
    """Other words for what a whole text names, in singular or plural; none where the tables do not have it."""
    words = fold(text)
    return _OTHERS.get(words) or _OTHERS.get(words.removesuffix("s"), ())
