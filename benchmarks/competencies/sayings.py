"""How people say things and how they ask for them, in two halves.

Rules may be made while looking at the half "open"; "hidden" is for the final figure alone. Every line
before `?` is something said, every line after it a way to ask. {x} is the value, {who} the one asked about
as a question names them ("I", "Jonas"), {whose} "my" or "Jonas's"; {do}, {am}, {have} agree with {who}.
"""

from __future__ import annotations

Phrases = dict[str, tuple[list[str], list[str]]]


def _table(text: str) -> Phrases:
    found: Phrases = {}
    for block in text.strip().split("\n\n"):
        head, *lines = block.splitlines()
        found[head.strip("# ")] = (
            [line for line in lines if not line.startswith("?")],
            [line[1:].strip() for line in lines if line.startswith("?")],
        )
    return found


OPEN = _table("""
# lives in
I've moved to {x}!
We moved to {x} last weekend, there are boxes everywhere.
I live in {x} now.
Since Monday I'm living in {x}.
? Where {do} {who} live?
? Which city {do} {who} live in now?
? What town is {whose} home these days?
? Where {am} {who} living at the moment?

# works at
I started at {x} this week.
I work at {x} now.
I've joined {x}, first day today.
My new job is at {x}.
? Where {do} {who} work?
? Which company {do} {who} work for?
? Who is {whose} employer?
? Which firm {am} {who} working at now?

# works as
I work as a {x} now.
I'm a {x} now.
I've become a {x} after all.
? What {do} {who} do for a living?
? What is {whose} job?
? What {do} {who} work as?

# phone
My new number is {x}.
I've got a new mobile number: {x}.
My phone number is {x} now.
? What is {whose} phone number?
? What's {whose} number?
? Which number can {who} be called on?

# sister
My sister {x} came by on Sunday.
My sister is called {x}.
I had breakfast with my sister {x}.
? What is {whose} sister's name?
? What is {whose} sister called?
? Who is {whose} sister?

# boss
My boss {x} wants everything by Friday.
My boss is {x}.
My boss is called {x}, I don't think you have met.
? Who is {whose} boss?
? What is the name of {whose} boss?

# pet
We adopted a dog named {x}!
I've got a cat called {x}.
My rabbit {x} ate the cable again.
I have a parrot named {x}.
? What pets {do} {who} have?
? Which animals {do} {who} have?
? What are the names of {whose} pets?

# pets counted
? How many pets {do} {who} have?
? How many animals {do} {who} own?

# likes
I love {x}.
I really like {x}.
I enjoy {x} so much.
? What {do} {who} like?
? Which things {do} {who} love?
? What is {who} fond of?

# dislikes
I hate {x}.
I can't stand {x}.
I don't like {x}.
? What {do} {who} dislike?
? What can't {who} stand?
? What {do} {who} not like?

# turned against
I don't like {x} any more.
I hate {x} now.

# likes it
? {Do} {who} like {x}?
? {Do} {who} still like {x}?

# plays
I play the {x}.
I've started to play the {x}.
I'm learning to play the {x}.
? Which instruments {do} {who} play?
? What instruments {do} {who} play?

# plays counted
? How many instruments {do} {who} play?

# birthday
My birthday is on {x}.
My birthday is {x}, don't forget the cake.
? When is {whose} birthday?
? On which day is {whose} birthday?

# their birthday
{name}'s birthday is on {x}.
{name}'s birthday is {x}, I believe.

# their home
{name} lives in {x} now.
{name} has moved to {x}.

# their job
{name} works as a {x}.
{name} is a {x}.

# relative's home
? Where {does} {whose} {kin} live?
? Which city {does} {whose} {kin} live in?

# relative's job
? What {does} {whose} {kin} do for a living?
? What is {whose} {kin}'s job?

# home then
? Where did {who} live {when}?
? Which city did {who} live in {when}?

# work then
? Where did {who} work {when}?
? Which company did {who} work for {when}?

# home before
? Where did {who} live before {x}?
? Which city did {who} live in before moving to {x}?

# times
? How often did {who} {verb}?
? How many times did {who} {verb}?
? How many times {have} {who} {done}?

# times then
? How often did {who} {verb} in {year}?
? How many times did {who} {verb} in {year}?

# last time
? When did {who} last {verb}?
? When was the last time that {who} {past}?

# first time
? When did {who} first {verb}?
? When was the first time that {who} {past}?

# first of two
? What did {who} do first, {verb} or {verb2}?
? Which came first, that {who} {past} or that {who} {past2}?
? Did {who} {verb} before or after {who} {past2}?

# between
? How many days were there between the day {who} {past} and the day {who} {past2}?
? How many days after {who} {past} did {who} {verb2}?
? How long was it from when {who} {past} until {who} {past2}?

# countries
I was in {x} last week, wonderful.
We flew to {x} on Saturday.
I spent five days in {x}.
Just back from {x}!
? Which countries {have} {who} visited?
? Which countries did {who} travel to?

# countries counted
? How many countries {have} {who} visited?
? How many different countries did {who} travel to?

# unknown
? What is {whose} blood type?
? What is {whose} shoe size?
? Which car {do} {who} drive?
? What is {whose} middle name?
? What is {whose} favourite film?
? When did {who} climb Mont Blanc?
? What is {whose} dentist called?
? How much {do} {who} earn?
""")
HIDDEN = _table("""
# lives in
I finally relocated to {x}.
My new home is {x}.
I've settled in {x} now.
These days I'm living in {x}, can you believe it?
? In which town {do} {who} live at present?
? Where is {whose} home now?
? What's the name of the city where {who} {live}?
? Tell me where {who} {live}.

# works at
I got hired by {x}!
I'm working for {x} now.
My new employer is {x}.
From today I work for {x}.
? Who {do} {who} work for?
? At which company {do} {who} work?
? Where is {whose} workplace?
? What's {whose} employer called?

# works as
I'm working as a {x} these days.
I retrained and now I'm a {x}.
I got a job as a {x}.
? What's {whose} profession?
? What kind of work {do} {who} do?
? What is {whose} occupation?

# phone
You can reach me at {x} from now on.
Please save my new number, it's {x}.
My mobile number changed, it's {x}.
? How can {who} be reached by phone?
? Tell me {whose} telephone number.
? What is {whose} mobile number?

# sister
{x} is my sister, by the way.
My sister's name is {x}.
I'm visiting my sister {x} tonight.
? Which name does {whose} sister have?
? How is {whose} sister called?
? Tell me the name of {whose} sister.

# boss
{x} is my boss.
My boss, {x}, was in a good mood.
The name of my boss is {x}.
? What's {whose} boss called?
? Who's {whose} manager at work?

# pet
We have a dog, his name is {x}.
Our cat {x} slept on the keyboard.
I brought home a rabbit named {x}.
Say hello to my new parrot {x}!
? Which pets {do} {who} keep?
? What are {whose} pets called?
? Name all of {whose} animals.

# pets counted
? How many animals live with {who_object}?
? What's the number of {whose} pets?

# likes
I'm a big fan of {x}.
I adore {x}.
I'm really into {x}.
? What are {whose} likes?
? What {do} {who} enjoy?
? Name the things that {who} {like}.

# dislikes
I really dislike {x}.
{x} is not for me, I hate it.
I detest {x}.
? What {do} {who} hate?
? What are {whose} dislikes?
? Which things {do} {who} detest?

# turned against
I can't stand {x} any longer.
I've come to hate {x}.

# likes it
? {Am} {who} a fan of {x}?
? {Do} {who} enjoy {x} these days?

# plays
I play {x} in a small group.
I can play the {x}.
I've been playing the {x} since spring.
? What musical instruments can {who} play?
? Name the instruments that {who} {play}.

# plays counted
? How many different instruments can {who} play?

# birthday
I was born on {x}.
It's my birthday on {x}!
? What day is {whose} birthday?
? When {was} {who} born?

# their birthday
{name} has {his} birthday on {x}.
Write it down: {name}'s birthday is {x}.

# their home
{name} moved to {x}.
{name} is living in {x} these days.

# their job
{name} is working as a {x} now.
{name} became a {x}.

# relative's home
? In which town {does} {whose} {kin} live?
? Where is the home of {whose} {kin}?

# relative's job
? What's the profession of {whose} {kin}?
? What {does} {whose} {kin} work as?

# home then
? In which town was {whose} home {when}?
? {When}, where was {who} living?

# work then
? {When}, who did {who} work for?
? Who was {whose} employer {when}?

# home before
? What was {whose} home before {x}?
? In which city was {who} living before moving to {x}?

# times
? On how many occasions did {who} {verb}?
? How many times altogether did {who} {verb}?

# times then
? In {year}, how often did {who} {verb}?
? How many times during {year} did {who} {verb}?

# last time
? What was the most recent day on which {who} {past}?
? When did {who} {verb} for the last time?

# first time
? When did {who} {verb} for the first time?
? What was the earliest day on which {who} {past}?

# first of two
? Which of these happened earlier: {who} {past}, or {who} {past2}?
? Did {who} {verb} earlier or later than {who} {past2}?

# between
? How much time passed between the day {who} {past} and the day {who} {past2}, in days?
? After {who} {past}, how many days went by until {who} {past2}?

# countries
I travelled to {x} for a few days.
We visited {x} this month.
My trip to {x} was great, I came home last night.
? What countries {have} {who} been to?
? Name the countries that {who} visited.

# countries counted
? What's the number of countries {who} visited?
? In how many countries {have} {who} been?

# unknown
? Which blood group {do} {who} have?
? How tall {am} {who}?
? What is {whose} number plate?
? Where did {who} go to kindergarten?
? What's {whose} favourite opera?
? When did {who} run a marathon in Tokyo?
? Who is {whose} landlord?
? What is {whose} star sign?
""")
HALVES = {"open": OPEN, "hidden": HIDDEN}

EVENTS = {
    # what somebody did: as said, base form, past, participle; these come back
    "dentist": ("I went to the dentist {day}.", "go to the dentist", "went to the dentist", "been to the dentist"),
    "climbing": ("I went climbing {day}, my arms hurt.", "go climbing", "went climbing", "gone climbing"),
    "theatre": ("I went to the theatre {day}.", "go to the theatre", "went to the theatre", "been to the theatre"),
    "sauna": ("{Day} I went to the sauna.", "go to the sauna", "went to the sauna", "been to the sauna"),
    "blood": ("I donated blood {day}.", "donate blood", "donated blood", "donated blood"),
}  # fmt: skip
ONCE = {
    # and these happen once
    "licence": ("I passed my driving test {day}!", "pass {whose} driving test", "passed {whose} driving test"),
    "kitchen": ("I painted the kitchen {day}.", "paint the kitchen", "painted the kitchen"),
    "boat": ("I sold the old boat {day}.", "sell the old boat", "sold the old boat"),
    "wallet": ("I lost my wallet {day}, how annoying.", "lose {whose} wallet", "lost {whose} wallet"),
    "marathon": ("I ran the city marathon {day}!", "run the city marathon", "ran the city marathon"),
    "piano": ("I bought a second-hand piano {day}.", "buy a second-hand piano", "bought a second-hand piano"),
    "course": ("I finished the pottery course {day}.", "finish the pottery course", "finished the pottery course"),
    "tent": ("I repaired the big tent {day}.", "repair the big tent", "repaired the big tent"),
}  # fmt: skip
CHAT = """How was your week?|It rained all day and I did nothing at all.|That sounds good to me.|Did you hear the storm?
The train was late again, forty minutes this time.|I have to think about it.|Shall we meet on Thursday?|Ha, of course!
I cooked far too much soup.|The neighbours are having a party, so no sleep tonight.|Good luck with it!|What a day.
I found a good recipe for lentils.|My back is a little stiff.|Can you send me the photos?|I will call you later.
The shop was closed when I got there.|I forgot my umbrella on the bus.|Let us talk about it at the weekend.
There was a long queue at the post office.|I read half of the book in one evening.|The heating makes strange noises.
You were right about the film.|I need new shoes for the winter.|It was so nice to see you.|Nothing new here."""
