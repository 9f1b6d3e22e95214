"""The evidence check: what stands in the evidence, what follows from it, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.memory import trust
from secondme.memory.check import QUOTE, Check
from secondme.memory.claim import parts
from secondme.memory.evidence import Evidence
from secondme.memory.terms import asked, clipped, sentences, terms
from secondme.memory.timex import dates

WORDS = st.text(st.characters(categories=["L"]), min_size=2, max_size=12)
SAID = datetime(2023, 5, 8, 13, 56, tzinfo=UTC)


def said(
    text: str, speaker: str | None = "Nora", time: datetime = SAID, score: float = 1.0
) -> Evidence:
    return Evidence(id=text[:20], text=text, time=time, source="chat", score=score, speaker=speaker)


def holds(claim: str, *texts: str, question: str = "What about it?") -> bool:
    return Check(question, [said(text) for text in texts]).support(claim).whole


class TestWhomAMomentSpeaksOf:
    @pytest.mark.parametrize(
        ("text", "of_nora"),
        [
            ("I love westerns. What about you, what is your favourite genre of films?", True),
            ("Just began doing pilates. Have you tried any other workout class?", True),
            ("What is your favourite genre of films?", False),
            ("Which workout class do you do?", False),
        ],
    )
    def test_is_not_the_one_who_is_asked_the_same_in_turn(self, text: str, of_nora: bool) -> None:
        ivan = said("Hm, let me think.", "Ivan")
        for question in (
            "What is NAME's favourite genre of films?",
            "Which workout class does NAME do?",
        ):
            for name in ("Nora", "Ivan"):
                check = Check(question.replace("NAME", name), [said(text), ivan])
                if check.about & check.lines[0].keys:
                    assert check.speaks_of(check.lines[0], check.about) == (
                        of_nora == (name == "Nora")
                    )


class TestWords:
    def test_stand_there_in_another_form(self) -> None:
        assert holds("researching adoption agencies", "I researched an adoption agency all week.")

    def test_of_irregular_verbs_too(self) -> None:
        assert holds("bought a boat", "I want to buy that boat.")

    @pytest.mark.parametrize(
        ("asked_for", "text"),
        [
            ("grandmother", "My grandma came by train."),
            ("movies", "We saw a film about bees."),
            ("children", "The kids are asleep."),
            ("photographs", "Your pics are lovely."),
        ],
    )
    def test_of_home_and_of_forms_are_the_same(self, asked_for: str, text: str) -> None:
        assert holds(asked_for, text)
        assert trust.weigh(Check(f"What about the {asked_for}?", [said(text)])).missing == ()

    def test_that_only_say_whose_word_is_asked_for_need_not_stand_there(self) -> None:
        check = Check("What do tulips mean according to Nora?", [said("Tulips mean spring.")])
        assert trust.weigh(check).missing == ()

    def test_are_not_denied_by_another_clause(self) -> None:
        assert holds("freedom", "It stands for freedom - dancing without a worry.")
        assert holds("gaming videos", "I make gaming videos when there aren't any matches.")
        assert holds("ten years", "He was ours for ten years and it's so hard not to see him.")
        assert not holds("gaming videos", "I don't make gaming videos.")
        assert not holds("a dog", "I don't have a dog and cat.")

    def test_that_are_not_there_are_named_as_they_were_written(self) -> None:
        support = Check("What?", [said("I planted tulips.")]).support("planted Roses")
        assert not support.whole
        assert support.missing == ("Roses",)
        assert support.share == pytest.approx(0.5)

    def test_small_ones_need_no_support(self) -> None:
        assert holds("because of the tulips that they had", "Tulips!")

    def test_accents_and_capitals_do_not_matter(self) -> None:
        assert holds("the CAFE in Köln", "we met in a café, in koln")

    def test_in_scripts_without_spaces(self) -> None:
        assert holds("京都", "昨日、京都に行きました。")
        assert not holds("大阪", "昨日、京都に行きました。")

    def test_of_a_claim_are_not_pieced_together_from_many_moments(self) -> None:
        assert not holds(
            "sold the harbour boat cheaply to Bruno",
            "I sold it.",
            "The harbour is grey.",
            "What a boat!",
            "Cheaply made.",
            "Bruno called.",
        )

    def test_of_two_moments_may_make_one_claim(self) -> None:
        check = Check("What?", [said("The blue kite broke."), said("It broke on the north beach.")])
        support = check.support("blue kite broke on the north beach")
        assert support.whole
        assert set(support.lines) == {0, 1}

    @given(st.lists(WORDS, min_size=1, max_size=30), st.data())
    def test_taken_from_a_moment_always_stand_in_it(
        self, words: list[str], data: st.DataObject
    ) -> None:
        claim = " ".join(data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=6)))
        support = Check("?", [said(" ".join(words))]).support(claim)
        assert support.share == (1 if terms(claim) else 0)


class TestNumbers:
    @pytest.mark.parametrize(
        ("claim", "text"),
        [
            ("2 dogs", "My two dogs sleep."),
            ("twenty-one chairs", "We need 21 chairs."),
            ("21 chairs", "Twenty-one chairs, please."),
            ("1200 euro", "It cost 1,200 euro."),
            ("third floor", "It is on the 3rd floor."),
        ],
    )
    def test_are_the_same_in_words_and_digits(self, claim: str, text: str) -> None:
        assert holds(claim, text)

    def test_that_are_not_there_fail(self) -> None:
        assert not holds("3 dogs", "My two dogs sleep.")

    def test_belong_to_what_they_count(self) -> None:
        assert not holds("5 dogs", "I have dogs.", "It took 5 hours.")


class TestDates:
    @pytest.mark.parametrize(
        ("claim", "text"),
        [
            ("8 May 2023", "Today I started."),
            ("May 8, 2023", "I started."),
            ("2023-05-08", "I started."),
            ("7 May 2023", "I went to the choir yesterday."),
            ("May 2023", "I went to the choir yesterday."),
            ("2022", "We moved last year."),
            ("April 2023", "We moved last month."),
            ("5 May 2023", "It was three days ago."),
            ("5 May 2023", "We met last Friday."),
            ("Friday", "We met last Friday."),
            ("5 May 2023", "We met last fri."),
            ("6 May 2023", "It was the day before yesterday."),
            ("2013", "That was ten years ago."),
            ("3 March", "My birthday is on March 3rd."),
            ("June 2023", "We go next month."),
            ("the week before 8 May 2023", "It was last week."),
        ],
    )
    def test_follow_from_when_it_was_said(self, claim: str, text: str) -> None:
        assert holds(claim, text)

    @pytest.mark.parametrize(
        ("claim", "text"),
        [
            ("6 May 2023", "I went to the choir yesterday."),
            ("3 May 2023", "It was last week."),
            ("2021", "We moved last year."),
            ("7 May 2022", "I went to the choir yesterday."),
            ("4 March", "My birthday is on March 3rd."),
            ("Monday 2 January 2023", "We met last Friday."),
        ],
    )
    def test_that_do_not_follow_fail(self, claim: str, text: str) -> None:
        assert not holds(claim, text)

    def test_months_that_are_words_are_words(self) -> None:
        assert dates.take_out("I may march")[0] == []
        assert dates.take_out("in May")[0] == [dates.Named(month=5)]

    def test_outside_the_calendar_are_no_dates(self) -> None:
        early = datetime(1, 1, 1, tzinfo=UTC)
        assert (
            not Check("?", [said("999 years ago, last week", time=early)])
            .support("1 May 2023")
            .whole
        )
        assert dates.take_out("2023-13-40, 31 February 2023")[0] == []

    @given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.integers(0, 400))
    def test_counted_in_days_are_exact(self, day: date, days: int) -> None:
        spans = list(dates.meant(f"it was {days} days ago", day))
        assert spans == [dates.Span(day - timedelta(days), day - timedelta(days))]

    @given(st.dates(date(1901, 1, 1), date(2099, 12, 31)))
    def test_written_out_are_read_back(self, day: date) -> None:
        assert dates.take_out(dates.spoken(day))[0] == [dates.Named(day.year, day.month, day.day)]

    @given(st.text(max_size=200), st.dates())
    def test_never_fail_to_read(self, text: str, day: date) -> None:
        for span in dates.meant(text, day):
            assert span.first <= span.last
        dates.placed(text, day)


class TestWhoDidWhat:
    LINES = (
        said("I ran a charity race and it made me realise how tired I am.", "Nora"),
        said("Your race was great, you looked so happy at the charity stand!", "Ivan"),
        said("I mended the roof.", "Ivan"),
    )

    def test_an_i_is_the_one_who_says_it(self) -> None:
        assert Check("What race did Nora run?", self.LINES).support("a charity race").whole
        assert not Check("What did Nora mend?", self.LINES).support("the roof").whole
        assert Check("What did Ivan mend?", self.LINES).support("the roof").whole

    def test_a_you_is_somebody_else(self) -> None:
        support = Check("How did Nora look?", self.LINES).support("so happy")
        assert support.lines == (1,)
        assert not Check("How did Ivan look?", self.LINES).support("so happy").whole

    def test_a_note_without_a_speaker_may_be_about_anybody(self) -> None:
        lines = [*self.LINES, said("Allergic to hazelnut.", speaker=None)]
        assert Check("What is Nora allergic to?", lines).support("hazelnut").whole

    def test_a_claim_that_begins_with_a_name_is_about_that_person(self) -> None:
        check = Check("What was mended?", self.LINES)
        assert check.support("Ivan mended the roof").whole
        assert not check.support("Nora mended the roof").whole

    def test_nobody_in_particular_when_two_are_named(self) -> None:
        assert Check("What did Nora and Ivan mend?", self.LINES).support("the roof").whole

    def test_of_a_sentence_without_subject_is_done_by_who_says_it(self) -> None:
        check = Check(
            "What did Nora read?",
            [said("Been reading the atlas you lent me."), said("Ha!", "Ivan")],
        )
        assert check.support("the atlas").whole

    def test_asked_is_of_who_is_asked(self) -> None:
        check = Check(
            "What did Nora read?", [said("Did they read the atlas?"), said("Ha!", "Ivan")]
        )
        assert not check.support("the atlas").whole


class TestNegation:
    @pytest.mark.parametrize(
        ("claim", "text", "stands"),
        [
            ("they feel an impact", "We don't feel an impact.", False),
            ("they do not feel an impact", "We don't feel an impact.", True),
            ("not allergic to nuts", "I am allergic to nuts.", False),
            ("twice a year", "We don't go often, only twice a year.", True),
            ("the beach", "I can't wait to see the beach!", True),
        ],
    )
    def test_turns_a_claim_round(self, claim: str, text: str, stands: bool) -> None:
        assert holds(claim, text) is stands

    def test_in_the_question_is_answered_by_one(self) -> None:
        assert holds("nuts", "I do not eat nuts.", question="What does she not eat?")

    def test_by_the_past_of_what_is_asked_as_it_is(self) -> None:
        moment = "Lived in the Mill Street for years, now with her aunt in Split."
        question = "Where does my grandmother live?"
        assert not holds("the Mill Street", moment, question=question)
        assert holds("Split", moment, question=question)
        assert holds("the Mill Street", moment, question="Where did my grandmother live?")

    def test_by_the_opposite_word(self) -> None:
        assert not holds("a race", "I won a race.", question="What did Nora lose?")
        assert holds("a race", "I won a race.", question="What did Nora win?")


class TestYesAndNo:
    def test_yes_needs_a_moment_that_says_so(self) -> None:
        question = "Does Nora like early trains?"
        assert Check(question, [said("I like early trains.")]).support("Yes").whole
        assert not Check(question, [said("I like soup.")]).support("Yes").whole

    def test_no_needs_a_moment_that_denies_it(self) -> None:
        question = "Does Nora like early trains?"
        assert Check(question, [said("I don't like early trains.")]).support("Likely no").whole
        assert not Check(question, [said("I like early trains.")]).support("No").whole
        assert not Check(question, [said("I don't like early trains.")]).support("Yes").whole

    def test_what_comes_after_it_needs_support_too(self) -> None:
        check = Check(
            "Does Nora like early trains?", [said("I like early trains, they are empty.")]
        )
        assert check.support("Yes, they are empty").whole
        assert not check.support("Yes, because of the coffee").whole


class TestWhatIsCited:
    def test_is_as_little_as_will_do(self) -> None:
        check = Check(
            "What?", [said("A red boat."), said("A red boat and a green oar."), said("Oar.")]
        )
        assert check.support("red boat, green oar").lines == (1,)

    def test_is_the_moment_that_matches_the_question_too(self) -> None:
        check = Check("When did the choir sing?", [said("Lunch."), said("The choir sings today.")])
        assert check.support("8 May 2023").lines == (1,)

    def test_a_moment_that_only_asks_the_same_is_not_quoted_for_an_answer(self) -> None:
        asks = said("It can be tough. How often do you take the kids to the park?")
        tells = said("We are out a lot. I often take the kids to the park.")
        check = Check("How often does he take the kids to the park?", [asks, tells])
        assert (check.may_quote(0), check.may_quote(1)) == (False, True)
        assert check.passage() == 1

    def test_an_echo_of_the_question_is_no_answer(self) -> None:
        check = Check("What do the dancers in the photo show?", [said("The dancers in the photo!")])
        assert check.echoes("the dancers")
        assert not check.echoes("the dancers of a festival")
        assert Check("Where does Nora work?", [said("At a mill.")]).echoes("Nora")
        assert not Check("Is it tea or coffee?", [said("I drink tea.")]).echoes("tea")

    def test_comes_from_the_moments_that_were_read(self) -> None:
        check = Check("What?", [said("Soup."), said("A red boat.")], read=1)
        assert not check.support("red boat").whole


class TestQuotes:
    def test_are_rather_no_question(self) -> None:
        check = Check(
            "Where did the ideas come from?", [said("Where did the ideas come from? Dreams.")]
        )
        assert check.quote(0, "dreams") == "Dreams."

    def test_are_the_sentence_that_bears_on_it(self) -> None:
        check = Check("Who mends roofs?", [said("Hello there! Ivan mends roofs in Split. Bye.")])
        assert check.quote(0) == "Ivan mends roofs in Split."

    def test_can_be_wide(self) -> None:
        text = 'Hello there! "Ivan mends roofs." He said so. ' + "More. " * 60
        quote = Check("Who mends roofs?", [said(text)]).quote(0, wide=True)
        assert quote.startswith('"Ivan mends roofs." He said so. More.')
        assert QUOTE - 10 < len(quote) <= QUOTE

    @given(
        st.text(st.sampled_from("ab1 .!?\"'。、\n\u2028é…"), min_size=1, max_size=900)
        | st.text(min_size=1),
        st.text(max_size=60),
        st.booleans(),
    )
    def test_are_always_the_moment_s_own_words(self, text: str, answer: str, wide: bool) -> None:
        quote = Check("What is it?", [said(text)]).quote(0, answer, wide=wide)
        assert len(quote) <= QUOTE
        assert quote.removesuffix("…") in " ".join(text.split())

    def test_end_after_a_word(self) -> None:
        assert clipped("one two three", 9) == "one two…"
        assert clipped("short", 9) == "short"


class TestReading:
    def test_a_list_has_parts(self) -> None:
        assert parts("pottery, camping and painting; swimming") == [
            "pottery",
            "camping",
            "painting",
            "swimming",
        ]
        assert parts("yoga, yoga, yoga") == ["yoga"]
        assert parts("27 May, 2023") == ["27 May, 2023"]

    def test_sentences_end_at_stops(self) -> None:
        text = "Hi there! Are you ok? Yes, 2.5 times.\nNew line"
        assert sentences(text) == ["Hi there!", "Are you ok?", "Yes, 2.5 times.", "New line"]
        assert sentences("Am 17. April. Gut!") == ["Am 17. April.", "Gut!"]

    def test_a_question_is_about_its_content(self) -> None:
        words = [term.surface for term in asked("What kind of boat did Nora buy in Split?")]
        assert words == ["boat", "Nora", "buy", "Split"]
        assert [term.kind for term in asked("Did Nora go?")] == ["name", "word"]


class TestCounts:
    QUESTION = "How many cars does Nora have?"

    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("I have two cars.", "two"),
            ("We keep 3 old red cars in the barn.", "3"),
            ("Cars: 4, boats: none.", "4"),
            ("I only have several cars.", "several"),
        ],
    )
    def test_are_those_that_stand_with_what_is_counted(self, text: str, claim: str) -> None:
        assert holds(claim, text, question=self.QUESTION)

    @pytest.mark.parametrize(
        ("text", "claim"),
        [
            ("I drove my car for two hours.", "two"),
            ("It is my third car.", "3"),
            ("The table is 1.24 m, the car blue.", "1.24"),
            ("In 2024 a car.", "2024"),
            ("My car is in the garage. I bought 3 apples.", "3"),
            ("I bought several apples.", "several"),
        ],
    )
    def test_of_something_else_count_nothing(self, text: str, claim: str) -> None:
        assert not holds(claim, text, question=self.QUESTION)


def test_how_long_something_lasts_is_nobodys_age() -> None:
    question = "How old is my grandmother?"
    assert not holds("15 years", "My grandmother lived there for 15 years.", question=question)
    assert not holds("15", "15 years of my grandmother's soup.", question=question)
    assert holds("88", "My grandmother is 88 years old.", question=question)


class TestAnAttribute:
    @pytest.mark.parametrize(
        ("question", "text"),
        [
            ("What is my blood type?", "My blood type is A positive."),
            ("What is Nora's passport number?", "My passport: 4711 0815."),
        ],
    )
    def test_is_heard_of_where_a_sentence_has_it(self, question: str, text: str) -> None:
        assert trust.unheard(Check(question, [said(text)])) is None

    @pytest.mark.parametrize(
        ("question", "what"),
        [
            ("What is my blood type?", "blood type"),
            ("what is the shoe size of Nora", "shoe size"),
            ("Do you know Nora's passport number?", "passport number"),
        ],
    )
    def test_is_not_where_its_words_stand_apart(self, question: str, what: str) -> None:
        texts = (
            "Blood test of the cat: kidney disease, an early stage. The type on the bill is small.",
            "I lost a shoe. A hole the size of a fist.",
            "The passport is here. Physio number five.",
        )
        assert trust.unheard(Check(question, [said(text) for text in texts])) == what


class TestWho:
    def test_speaks_is_not_named_by_a_word_that_others_write_small(self) -> None:
        evidence = [said("Your passport is on its way.", "Passport Online")]
        assert Check("What is my passport number?", evidence).person is None
        assert Check("what did nora say", [said("I sang.")]).person == "Nora"


class TestAnothersThing:
    def test_is_not_borne_out_by_a_note_that_does_not_name_them(self) -> None:
        question = "What is Nora's job?"
        assert not holds_of_note(
            "cartographer", "Position: cartographer, a job for life.", question
        )
        assert holds_of_note("teacher", "Nora: teacher, a job for life.", question)


def holds_of_note(claim: str, text: str, question: str) -> bool:
    return Check(question, [said(text, None)]).support(claim).whole


class TestAHeading:
    def test_is_said_by_what_stands_under_it(self) -> None:
        note = said("Kidney diet, wet, warmed for ten seconds.", None)
        bare = Check("What does Miso eat?", [note])
        under = Check("What does Miso eat?", [replace(note, context="Miso")])
        assert bare.coverage(bare.lines[0]) < under.coverage(under.lines[0])

    @pytest.mark.parametrize("context", ["Sunday, 24 August 2025", "Kidney diet", None])
    def test_that_is_a_date_or_repeats_the_text_says_nothing(self, context: str | None) -> None:
        note = replace(said("Kidney diet, wet.", None), context=context)
        assert note.heading in ("", "Sunday")
