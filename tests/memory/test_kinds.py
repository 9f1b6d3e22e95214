"""What kind of answer a question wants, and which claims are of that kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secondme.memory.kinds import (
    Kind,
    answers,
    asked_thing,
    end_in,
    ends,
    fits,
    kind_of,
    names_place,
    priced,
    several,
)
from secondme.memory.timex.dates import Named


class TestTheKindOfAQuestion:
    @pytest.mark.parametrize(
        ("question", "kind"),
        [
            ("When was Pepper sold?", "date"),
            ("Until when is the new passport valid?", "date"),
            ("On which date did Katrin marry?", "date"),
            ("How long ago did Nora move?", "date"),
            ("Wann wird der neue Heizkörper eingebaut?", "date"),
            ("¿Cuándo llegó Nora?", "date"),
            ("How long has Nora lived in Split?", "duration"),
            ("For how many years did Ivan sing?", "duration"),
            ("How many times did Ivan fail the test?", "number"),
            ("How often does Nora swim?", "number"),
            ("How much is the rent since October 2025?", "number"),
            ("Combien de pommes de terre dans le gratin ?", "number"),
            ("Who bought the car?", "person"),
            ("With whom did Nora sing when it rained?", "person"),
            ("Wer hat das Auto gekauft?", "person"),
            ("Where did Nora live in summer 2024?", "place"),
            ("Which city did Ivan visit?", "place"),
            ("Does Nora like soup?", "yes"),
            ("Would Ivan move to Split?", "yes"),
            ("Does Ivan live in Split or in Rijeka?", "thing"),
            ("Which instruments does Nora play?", "list"),
            ("What kind of events has Nora been to?", "list"),
            ("What are Ivan's hobbies?", "list"),
            ("Why did Ivan sell the boat?", "reason"),
            ("What did Nora do when she arrived?", "thing"),
            ("What bus does Nora take?", "thing"),
            ("Tell me about the choir", "thing"),
            ("合唱団は何を歌いますか", "thing"),
        ],
    )
    def test_is_told_by_its_words(self, question: str, kind: Kind) -> None:
        assert kind_of(question) == kind

    @pytest.mark.parametrize(
        "question", ["Which instruments does Nora play?", "What cities did she see?"]
    )
    def test_may_be_several_things(self, question: str) -> None:
        assert several(question)
        assert not several("Where does Nora live?")

    @given(st.text(max_size=200))
    def test_is_told_for_anything(self, question: str) -> None:
        assert isinstance(fits(kind_of(question), question), bool)


class TestAClaim:
    @pytest.mark.parametrize(
        ("kind", "fitting", "other"),
        [
            ("date", "24 March 2035", "by registered mail"),
            ("date", "last summer", "a student from Halle"),
            ("duration", "three years", "to Lyon"),
            ("duration", "since 2016", "2016"),
            ("number", "1,062 euro", "from October 2025"),
            ("number", "twice", "the rent"),
            ("person", "Jonas Albrecht", "2,350 euro"),
            ("person", "her uncle", "cash"),
            ("place", "Leipzig, Kirschweg 12", "Madame Garnier"),
            ("place", "the lake", "28 June 2025"),
            ("place", "a farm", "Nora"),
            ("yes", "yes, on Fridays", "the soup"),
            ("reason", "the hull leaked", "3 May 2025"),
        ],
    )
    def test_fits_a_question_of_its_kind_only(self, kind: Kind, fitting: str, other: str) -> None:
        assert fits(kind, fitting, ["Nora", "Ivan"])
        assert not fits(kind, other, ["Nora", "Ivan"])


class TestAPlace:
    @pytest.mark.parametrize(
        "claim", ["Leipzig, Kirschweg 12", "the lake", "Woodhaven", "an old farm", "near the weir"]
    )
    def test_is_told_by_a_capital_or_the_word_before_it(self, claim: str) -> None:
        text = "We live in Leipzig, Kirschweg 12. I went to Woodhaven, by the lake near the weir, on an old farm."
        assert names_place(text, claim)

    @pytest.mark.parametrize("claim", ["Walnut wine", "the thunderstorm"])
    def test_is_not_just_anything(self, claim: str) -> None:
        assert not names_place("And the walnut wine! We laughed when the thunderstorm came.", claim)

    def test_may_be_anything_in_a_script_without_capitals(self) -> None:
        assert names_place("京都に住んでいます", "京都")


class TestAnEnd:
    @pytest.mark.parametrize(
        ("text", "end"),
        [
            ("Issued on 25 March 2025, valid until 24 March 2035.", Named(2035, 3, 24)),
            ("The old one expires on 2 September 2025.", Named(2025, 9, 2)),
            ("Gültig bis 24. März 2035, ausgestellt am 25. März 2025.", Named(2035, 3, 24)),
            ("Issued on 25 March 2025.", None),
        ],
    )
    def test_is_the_date_after_its_word(self, text: str, end: Named | None) -> None:
        assert end_in(text) == end

    def test_is_asked_for(self) -> None:
        assert ends("Until when is the new passport valid?")
        assert ends("When does the passport expire?")
        assert not ends("When was the passport issued?")


def test_what_only_points_at_something_is_no_answer() -> None:
    assert not answers("What did she buy?", "thing", "the wet one")
    assert not answers("What did she buy?", "thing", "with it")
    assert answers("How did she react?", "thing", "glad to have them")


def test_a_number_that_identifies_has_figures() -> None:
    assert not answers("What is my passport number?", "thing", "5")
    assert answers("What is my passport number?", "thing", "C01 X00 T47")


def test_a_price_stands_beside_its_currency() -> None:
    assert not priced("How much do I earn?", "1", "He has earned one (1) shrimp.")
    assert priced("How much was the rent?", "95", "The rent was 95 euros.")
    assert not priced("How far is it to Ghent?", "164.80", "To Ghent, 164.80 euros.")
    assert priced("How much do I earn?", "44,000", "44,000 a year now.")


@pytest.mark.parametrize(
    ("question", "what"),
    [
        ("What kind of cake did Ana bake?", "kind of cake"),
        ("Which advice does Ivan give?", "advice"),
        ("What new content is he making?", "new content"),
        ("What did Ana do to help?", None),
        ("What is it that Ana has?", None),
    ],
)
def test_the_thing_that_is_asked_for(question: str, what: str | None) -> None:
    assert asked_thing(question) == what
