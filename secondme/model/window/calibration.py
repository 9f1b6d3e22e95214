"""Measuring a model's hidden states, on text of several kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from secondme.model.window import native
from secondme.model.window.native import Floats

_TOKENS = 2200
_WIDE = 32
_OF_EACH = 250

Texts = Sequence[list[int]]

TEXTS = (
    """The rain had stopped by the time Marta reached the harbour. Two boats were still out, and the
third, an old blue trawler that her grandfather had once owned, lay on its side in the mud. "We should
have sold it years ago," said Tomás, lighting a cigarette. She did not answer. On the far side of the
water the lights of the ferry came on one after another, yellow and small, and somebody was playing an
accordion badly. She thought of the letter in her pocket, of the forty-two euros that were left until
Friday, and of what the doctor had said about the stairs. Perhaps it was better this way.""",
    """[2024-03-02 09:14] Ana: did you book the dentist? [2024-03-02 09:20] Me: yes, Thursday at 10:40,
Dr. Weiss, Hauptstraße 12. [2024-03-02 09:21] Ana: good. and don't forget Leo's birthday on the 14th!!
[2024-03-02 09:25] Me: I won't. He wants a bicycle, the red one, 189 €. [2024-03-02 18:02] Ana: Mum says
she'll pay half :) [2024-03-03 07:58] Me: The train is late again, I'll be there at about half past nine.
Passport number C4F7K2910, valid until 30 June 2031. Wi-Fi at the cottage: tulip-river-88.""",
    """<|im_start|>system
You answer questions from the notes, in a few words. If the notes do not say it, say that you do not
know.<|im_end|>
<|im_start|>user
Notes:
- 5 May 2023, Paul: We moved to Porto at the end of April, the flat is on the third floor.
- 11 May 2023, Me: Paul starts at the clinic on Monday.
- 2 June 2023, Rita: The cat is called Biscuit and she is allergic to fish.
Question: Where does Paul live?<|im_end|>
<|im_start|>assistant
Paul lives in Porto, in a flat on the third floor; he moved there at the end of April 2023.<|im_end|>
<|im_start|>user
What is the cat allergic to?<|im_end|>
<|im_start|>assistant
The cat, Biscuit, is allergic to fish.<|im_end|>""",
    """def moving_average(values: list[float], window: int) -> list[float]:
    if window < 1:
        raise ValueError("window must be at least 1")
    total, out = sum(values[:window]), []
    for n in range(window, len(values) + 1):
        out.append(total / window)
        if n < len(values):
            total += values[n] - values[n - window]
    return out

SELECT name, COUNT(*) AS visits FROM doctors JOIN visits USING (doctor_id)
WHERE visits.day BETWEEN '2024-01-01' AND '2024-06-30' GROUP BY name ORDER BY visits DESC LIMIT 5;
{"name": "Elena Petrova", "email": "elena@example.org", "phone": "+49 30 901820", "tags": ["work"]}""",
    """# Packing list for the mountains
1. Tent, two sleeping bags, the small stove and three gas bottles
2. First-aid kit: plasters, ibuprofen 400 mg, antihistamine
3. Maps 1:25,000 (sheets 14 and 15), compass, head torch
## Costs
| what | who paid | amount |
|---|---|---|
| train tickets | Nora | £86.40 |
| hut, 3 nights | me | £147.00 |
Total £233.40, so everybody owes £58.35. The heart pumps about five litres of blood a minute through the
body of an adult at rest; during exercise it may pump four times as much. Water boils at 100 °C at sea
level, and at about 93 °C at an altitude of 2,000 metres, because the pressure of the air is lower.""",
    """Liebe Frau Schneider, vielen Dank für Ihre Nachricht vom 3. Oktober. Leider kann ich den Termin am
Dienstag nicht wahrnehmen, weil ich mit meiner Tochter beim Arzt bin. Wäre es möglich, das Gespräch auf
Mittwoch um 15 Uhr zu verschieben? Mit freundlichen Grüßen, Jonas Weber. Olá! A reunião foi adiada para
sexta-feira, às nove e meia, na sala do segundo andar. Não te esqueças de trazer os documentos do carro
e o recibo da farmácia. Un abrazo, nos vemos el lunes en la estación; el tren sale a las siete y cuarto.
Le médecin a dit que tout allait bien, mais il faut revenir dans six mois.""",
    """Q: What is the capital of Australia? A: Canberra. Q: Who wrote "Pride and Prejudice"? A: Jane
Austen, in 1813. Q: How many days are there in a leap year? A: 366. Yes. No. I don't know; the notes say
nothing about it. The answer is 42. According to the note of 12 August 2022, the rent is 940 euros a
month, due on the first. First, open the settings. Then choose "Privacy" and switch off everything that
you do not need. Finally, restart the phone. In conclusion, there are three reasons for the decision:
cost, time, and the wishes of the family. However, it should be noted that none of them is final.""",
)

ANSWERS = (
    (
        "Explain how tea is made, and write a short letter that invites a friend to drink it.",
        """Tea is a drink that is made from the leaves of a plant called Camellia sinensis. To make a cup of
tea, you will need the following:

1. **Water**: Heat about 250 millilitres of fresh water until it boils.
2. **Leaves**: Put one or two teaspoons of leaves in a pot. The type of tea depends on your taste.
3. **Time**: Pour the water over the leaves and let them stand for three to five minutes.

Once the tea is ready, pour it into a cup and add milk, sugar or lemon. It is important to remember that
the longer the leaves stand in the water, the stronger the tea will be.

Dear Emma,

I hope this letter finds you well. I am writing to invite you to my house on Saturday afternoon. I have
been looking forward to seeing you again, and I would love to hear all about your new job. The garden is
beautiful at this time of the year, and we can sit outside and enjoy the sunshine. Please let me know
whether you can come.

Best wishes,
[Your Name]""",
    ),
    (
        "Tell me a story about an old clock, and say what you can do for me.",
        """Once upon a time, in a small village at the foot of the mountains, there was an old clock that had
not worked for many years. Every day a young girl named Lily walked past it on her way to school, and
every day she wondered who had built it. One evening she decided to climb the tower. It was dark and cold
inside, but she was not afraid. At the top she found a box, and in the box there was a key made of gold.
As soon as she turned it, the clock began to strike, and the whole village came out to see what had
happened. From that day on, the people never forgot the girl who had brought back their time. The story
reminds us that courage and curiosity can change the world around us.

As a language model, I can help you with a wide range of tasks, such as answering questions, writing
code, summarising texts and translating. However, I do not have access to personal information, and I
am not able to make phone calls. If you have any other questions, feel free to ask!""",
    ),
)
"""Questions, and answers such as models like to give."""


class Pass(Protocol):
    """How the window has tokens computed: the owner's context."""

    def compute(self, tokens: Sequence[int], outputs: int) -> None:
        """Compute these tokens after those that are held, as the last ones with odds."""

    def result(self, n: int) -> Floats:
        """What the last pass ended with after the n-th token that got odds: its hidden state, or every
        token's score."""

    def clear(self) -> None:
        """Hold no tokens."""

    def close(self) -> None:
        """Give its memory back."""


def hidden_states(owner: Pass, texts: Texts, last: Callable[[], Floats]) -> Floats:
    """What a model has after each token of the texts; `last` is what the last pass ended with. Closes
    the owner."""
    parts: list[Floats] = []
    for tokens in _portions(texts, _TOKENS):
        for n in range(0, len(tokens), _WIDE):
            part = tokens[n : n + _WIDE]
            owner.compute(part, len(part))
            parts.append(last())
        owner.clear()
    owner.close()
    native.trim()
    return np.concatenate(parts)


def _portions(texts: Texts, limit: int) -> Iterator[list[int]]:
    """Token lists up to so many tokens in all, each short enough for a small context."""
    for tokens in texts:
        yield tokens[: min(limit, _OF_EACH)]
        limit -= len(tokens[:_OF_EACH])
        if limit <= 0:
            return
