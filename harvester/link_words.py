"""Linking room: what words of trial titles weigh when two titles are compared. Called by `link_titles`; data only.

The weight of a word depends on the word alone, never on how often the catalogue holds it: so a pair of records is judged
alike in every catalogue, and a record that comes changes nothing about two others. The lists were made by counting in how many
of 7,000 titles a word stands; what is in none of them (drugs, codes, names, rare diseases) weighs 1.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Says nothing: articles, prepositions, conjunctions of the languages in which European records are written.
EMPTY = _words(
    """
    a an and or of the in on at to for with without from by as is are be been being was were it its this that these
    those their than then into over under among amongst between within during who whom which whether does do can be
    not no vs versus s d l et al via per using use used based upon up after before following der die das den dem des
    ein eine einer eines und oder mit bei von zur zum im am fur auf als nach durch ohne le la les un une du de ou avec
    chez dans pour sur au aux par en sans el los las una y o con para por del sin il lo gli i uno e di della dei delle
    nel nella su da og af til med hos pa ved et det efter som av och att om het een van bij met voor naar op te
    """
)

#: How trials are made, which any two titles may share: weight 0.2.
DESIGN = _words(
    """
    study trial clinical randomized controlled control double single triple blind blinded masked label open phase
    placebo multicenter center multi national multinational international parallel group arm efficacy safety effect
    evaluate evaluation assess assessment compare comparison compared comparative comparing patient subject
    participant adult treatment therapy prospective retrospective observational interventional exploratory investigate
    investigation investigating investigator initiated effectiveness tolerability feasibility cohort crossover cross
    active two three one factorial non dummy ii iii iv early dose doses pharmacokinetic standard care impact influence
    role outcome research protocol intervention design project registry treated treating evaluating assessing
    determine different new combination plus alone add part main week month day year short daily once twice mg
    administered administration given doubleblind klinische studie doppelblind randomisierte kontrollierte offene
    multizentrische wirksamkeit sicherheit patienten behandlung therapie untersuchung prufung etude randomisee essai
    multicentrique controlee traitement efficacite ensayo clinico estudio multicentrico aleatorizado abierto
    tratamiento eficacia seguridad pacientes studio randomizzato pazienti trattamento undersogelse randomiseret
    kontrolleret behandling patienter effekt effekten dobbeltblindt dobbelt prospektiv onderzoek gerandomiseerd
    behandeling effect
    """
)

#: Diseases and procedures of very many trials: weight 0.5.
COMMON = _words(
    """
    covid disease cancer infection pneumonia severe acute chronic moderate mild respiratory syndrome distress failure
    lung pulmonary hospitalized hospital pandemic critical ill critically symptom viral virus outbreak diabetes type
    cell risk children oral surgery high low pain prevention prophylaxis exposure healthy training function exercise
    advanced response cognitive plasma medical positive management blood physical chemotherapy primary multiple human
    metastatic related activity induced internet adolescent life immune first women worker healthcare associated
    quality heart intravenous rehabilitation intensive people disorder cardiac vitamin follow extension line stem
    insulin post due system glucose injury immunogenicity against breast small vaccine total metformin support
    analysis combined allergic postoperative cardiovascular factor anxiety medicine population characteristic reduce
    carcinoma mental individual antibody older renal inflammatory home program elderly psychological therapeutic
    coronary improve hip change immunotherapy stress detection injection diagnosis test prevent drug refractory
    undergoing stroke treat depression transplantation time systemic age subcutaneous muscle stage traditional
    pressure sleep young diagnosed surgical complication self volunteer inflammation myocardial emergency infusion
    mellitus metabolic nasal general community period specific arthritis obstructive prostate weight other status
    conventional inhibitor functional guided inhaled monitoring recovery tissue progression aged copd pediatric level
    tumor behavior development practice reducing major receiving bone rate screening body previously locally recurrent
    relapsed naive moderately leukemia lymphoma hydroxychloroquine chloroquine convalescent hypertension asthma
    rheumatoid hiv solid colorectal mesenchymal chinese adjuvant long term pilot
    """
)

#: What makes another trial of the same words, where only one of two titles has it. Each group counts once.
ANOTHER_TRIAL = {
    "extension": "extension rollover continuation continued continuing",
    "follow-up": "followup follow",
    "long-term": "long longterm",
    "part of a trial": "substudy sub ancillary subgroup",
    "pilot": "pilot feasibility",
    "age group": "elderly older pediatric children adolescent infant neonate",
    "country": "japanese chinese indian korean japan china india",
}

#: One thing under several names, rewritten before a folded title is cut into words: (what such a title holds, pattern, name).
SPELLINGS = (
    (
        ("cov", "coronavirus", "sars"),
        r"\b(?:(?:new |novel )?corona ?virus(?:es)?(?: disease| pneumonia| infection)?(?: 2019| 19)?|covid ?19|covid ?2019|covid"
        r"|sars cov ?2|2019 ?n ?cov(?: 2)?|n ?cov 2019|n ?cov(?: 19| 2)?|cov ?2|sars)\b",
        "covid",
    ),
    (
        ("corona virus",),
        r"\b(?:new |novel )?corona virus(?:es)?(?: disease| pneumonia| infection)?(?: 2019| 19)?\b",
        "covid",
    ),
    (("multi cent",), r"\bmulti (cent\w+)", r"multi\1"),
    (("double blind",), r"\bdouble blind\w*", "doubleblind"),
    (("sub study", "follow up", "roll over"), r"\b(sub|follow|roll) (study|up|over)\b", r"\1\2"),
    (("long term",), r"\blong term\b", "longterm"),
)
