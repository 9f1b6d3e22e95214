"""Word lists of the English rules, each word in its plain form."""

from __future__ import annotations

JOBS = frozenset(
    """
accountant actor actress analyst architect artist assistant athlete attorney author baker banker barber
barista bartender bookkeeper bookseller botanist builder butcher carpenter cartographer cashier chef
chemist clerk coach composer conductor consultant cook counselor counsellor courier curator dancer dentist
designer detective developer dietitian diplomat director doctor driver economist editor electrician
engineer farmer filmmaker firefighter fisherman florist gardener geographer geologist geophysicist guide
hairdresser historian illustrator inspector instructor interpreter jeweller joiner journalist judge
lawyer lecturer librarian linguist lifeguard locksmith manager mathematician mechanic midwife miner model
musician nanny neurologist notary novelist nurse nutritionist optician painter paramedic pastor pharmacist
philosopher photographer physician physicist physiotherapist pianist pilot plumber poet policeman
politician postman potter priest principal producer professor programmer psychiatrist psychologist
publisher receptionist reporter researcher sailor salesman scientist sculptor seamstress secretary
shopkeeper singer soldier statistician student surgeon surveyor tailor teacher therapist translator tutor
vet veterinarian waiter waitress welder writer zoologist
""".split()
)
ANIMALS = frozenset(
    """
budgie bunny canary cat dachshund dog donkey ferret gecko goat goldfish hamster hen horse kitten kitty
labrador lizard parrot pony poodle pup puppy rabbit retriever snake tabby terrier tortoise turtle
""".split()
)
LANGUAGES = frozenset(
    """
arabic bengali bulgarian cantonese catalan chinese croatian czech danish dutch english estonian finnish
french gaelic german greek hebrew hindi hungarian icelandic irish italian japanese korean latin latvian
lithuanian mandarin norwegian persian polish portuguese punjabi romanian russian serbian slovak slovenian
spanish swahili swedish tamil thai turkish ukrainian urdu vietnamese welsh
""".split()
)
INSTRUMENTS = frozenset(
    """
accordion badminton banjo baseball basketball bass cello chess clarinet cricket drum drums fiddle flute
football golf guitar harmonica harp hockey horn oboe organ piano rugby saxophone sax soccer softball tennis
trombone trumpet tuba ukulele viola violin volleyball
""".split()
)
POSSESSIONS = frozenset(
    """
apartment bicycle bike boat cabin camera car caravan flat garden guitar house kayak laptop motorbike
motorcycle piano scooter sewing telescope tent tractor truck van violin
""".split()
)
HEALTH = frozenset(
    """
anemia anxiety arthritis asthma cancer concussion covid depression diabetes disc eczema epilepsy fracture
hernia hypertension insomnia migraine pneumonia sciatica stroke surgery
""".split()
)
COUNTRIES = frozenset(
    [
        *"""
afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahamas bahrain
bangladesh barbados belarus belgium belize benin bhutan bolivia botswana brazil brunei bulgaria burundi
cambodia cameroon canada chad chile china colombia comoros congo croatia cuba cyprus denmark djibouti
dominica ecuador egypt england eritrea estonia eswatini ethiopia fiji finland france gabon gambia georgia
germany ghana greece greenland grenada guatemala guinea guyana haiti honduras hungary iceland india indonesia
iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya kosovo kuwait kyrgyzstan laos latvia
lebanon lesotho liberia libya liechtenstein lithuania luxembourg madagascar malawi malaysia maldives mali
malta mauritania mauritius mexico moldova monaco mongolia montenegro morocco mozambique myanmar namibia nepal
netherlands nicaragua niger nigeria norway oman pakistan palau palestine panama paraguay peru philippines
poland portugal qatar romania russia rwanda samoa scotland senegal serbia seychelles singapore slovakia
slovenia somalia spain sudan suriname sweden switzerland syria taiwan tajikistan tanzania thailand togo tonga
tunisia turkey turkmenistan uganda ukraine uruguay uzbekistan vanuatu venezuela vietnam wales yemen zambia
zimbabwe
""".split(),
        "costa rica", "czech republic", "dominican republic", "el salvador", "ivory coast",
        "new zealand", "north korea", "north macedonia", "papua new guinea", "puerto rico",
        "saudi arabia", "sierra leone", "south africa", "south korea", "sri lanka", "united kingdom",
        "united states", "usa", "uk", "united arab emirates",
    ]
)  # fmt: skip
