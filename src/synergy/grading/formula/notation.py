r"""One character set for formulas: unicode signs become LaTeX, layout and units go. Knows nothing about meaning."""

import re

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUPERSCRIPT_RUN = re.compile(r"[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_SUBSCRIPT_RUN = re.compile(r"[₀₁₂₃₄₅₆₇₈₉]+")
_SYMBOLS = str.maketrans(
    {"−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "π": "\\pi ", "√": "\\sqrt "}
    | {"½": "\\frac{1}{2}", "⅓": "\\frac{1}{3}", "¼": "\\frac{1}{4}", "¾": "\\frac{3}{4}", "∞": "\\infty "}
    | {"α": "\\alpha ", "β": "\\beta ", "θ": "\\theta ", "λ": "\\lambda ", "φ": "\\phi ", "ω": "\\omega "}
    | {"≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "∈": "\\in ", "∪": "\\cup ", "∩": "\\cap "}
    | {"±": "\\pm ", "°": "^\\circ ", "º": "^\\circ ", "∅": "\\emptyset ", "\u00a0": " ", "，": ",", "：": ":"}
    | {"（": "(", "）": ")", "，": ",", "；": ";"}
)


def ascii_notation(text: str) -> str:
    """2√3, x², 3×π and 60° in LaTeX's spelling; other characters beyond ASCII stay."""
    text = _SUPERSCRIPT_RUN.sub(lambda run: f"^{{{run[0].translate(_SUPERSCRIPTS)}}}", text)
    text = _SUBSCRIPT_RUN.sub(lambda run: f"_{{{run[0].translate(_SUBSCRIPTS)}}}", text)
    return text.translate(_SYMBOLS)
