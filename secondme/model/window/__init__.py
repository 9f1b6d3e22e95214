"""The flash window: a language model in a given number of megabytes, with the same words.

After "LLM in a flash" (Alizadeh et al., 2023): part of the weights stays in memory, the rest is read
from disk in large, well-ordered reads just before it is used. `layout` says what a model file is made
of, `plan` what stays in how much memory and which way of finding tokens is faster by what has been
`measured`, `graph` watches llama.cpp's passes, `residency` moves the weights, `screen` finds the next token
without the whole output matrix, and `machine` puts it together.
"""
