"""Text of several kinds, on which a model's hidden states are measured."""

from __future__ import annotations

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
