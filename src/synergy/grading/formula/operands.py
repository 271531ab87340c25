r"""What stands between operators: literals, names, brackets, roots, functions, matrices."""

from abc import ABC, abstractmethod
from fractions import Fraction

from synergy.grading.formula.cursor import Cursor, Node
from synergy.grading.formula.tokens import NotAFormula, Token

_MAX_DEPTH = 24
_FUNCTIONS = frozenset(
    f"\\{name}"
    for name in (
        *("sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"),
        *("ln", "exp"),
    )
)
_GREEK = frozenset(
    f"\\{name}"
    for name in (
        *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
        *("xi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Sigma"),
        *("Phi", "Psi", "Omega", "ell", "pi"),
    )
)
_NUMBER_SETS = frozenset({"\\R", "\\N", "\\Z", "\\Q"})
_CLOSINGS = frozenset({")", "]"})
_WITH_ARGUMENTS = frozenset({"\\frac", "\\sqrt", "\\log", "\\infty", "\\binom", "\\lfloor", "\\lceil", "\\emptyset"})
#: Commands that an operand starts with.
OPERAND_COMMANDS = _FUNCTIONS | _GREEK | _NUMBER_SETS | _WITH_ARGUMENTS


class Operands(Cursor, ABC):
    """The lower half of the grammar; `reader` has the upper one."""

    def __init__(self, found: list[Token]) -> None:
        super().__init__(found)
        self.num_open_bars = 0  #: of |…|: a bar then closes
        self._depth = 0

    @abstractmethod
    def items(self) -> Node:
        """A relation or a list of them."""

    @abstractmethod
    def sum(self) -> Node:
        """Terms with + and - between them."""

    @abstractmethod
    def power(self) -> Node:
        """An operand with its exponent."""

    @abstractmethod
    def beside(self, node: Node) -> Node:
        """The product of `node` and the factor that stands beside it."""

    @abstractmethod
    def starts_factor(self) -> bool:
        """Whether a factor follows without a sign between."""

    @abstractmethod
    def exponent(self) -> Node:
        """What stands after ^."""

    def operand(self, *, single: bool = False) -> Node:
        """A literal, name, group or function; `single`: of letters only the first, as LaTeX reads x^ab."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotAFormula
        node = self._operand_inside(single=single)
        self._depth -= 1
        return node

    def _operand_inside(self, *, single: bool) -> Node:
        token = self.next()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "letters":
            return self._letters(token, single=single)
        if token.kind == "begin":
            return self._matrix()
        if token.kind == "text":
            return ("text", token.value)
        if token.kind == "operator":
            return self._bracketed(token.value)
        return self._commanded(token.value)

    def _number(self, token: Token) -> Node:
        decimals = len(token.value.partition(".")[2]) if "." in token.value else None
        if self.at("_"):  # 204_5: a numeral to another base
            self.next()
            return ("sym", f"{token.value}_{self._subscript()}")
        return ("num", Fraction(token.value if token.value[-1] != "." else token.value[:-1]), decimals or None)

    def _subscript(self) -> str:
        """A subscript as it is written: the next token, or all of a group."""
        token = self.next()
        if token.value != "{":
            return token.value
        values: list[str] = []
        while (token := self.next()).value != "}":
            values.append(token.value)
        return "".join(values)

    def _letters(self, token: Token, *, single: bool) -> Node:
        """A product of letters, the last of which may carry a subscript, a prime or an argument."""
        if len(token.value) > 3:
            raise NotAFormula  # prose
        if single and len(token.value) > 1:
            raise NotAFormula
        node: Node | None = None
        for position, letter in enumerate(token.value):
            last = position == len(token.value) - 1
            symbol = ("sym", self._marked(letter)) if last else ("sym", letter)
            if last and self._is_argument():
                self.next()
                symbol = ("app", symbol, self.operand())
                self.take(")")
            node = symbol if node is None else ("*", node, symbol)
        assert node is not None
        return node

    def _marked(self, name: str) -> str:
        while self.at("_", "'"):
            mark = self.next().value
            name += f"_{self._subscript()}" if mark == "_" else "'"
        return name

    def _is_argument(self) -> bool:
        following = self.following(3)
        return (
            len(following) == 3
            and (following[0].value, following[2].value) == ("(", ")")
            and following[1].kind == "letters"
            and len(following[1].value) == 1
        )

    def _bracketed(self, opening: str) -> Node:
        if opening == "|":
            self.num_open_bars += 1
            node = self.sum()
            self.take("|")
            self.num_open_bars -= 1
            return ("abs", node)
        if opening not in ("(", "[", "{"):
            raise NotAFormula
        bars, self.num_open_bars = self.num_open_bars, 0
        if opening == "{" and self.at("}"):
            raise NotAFormula
        node = self.items()
        closing = self.next().value
        self.num_open_bars = bars
        if (opening == "{") != (closing == "}") or (opening != "{" and closing not in _CLOSINGS):
            raise NotAFormula
        if node[0] == "items" and node[1] == "":
            return ("items", "\\{" if opening == "{" else opening, "\\}" if closing == "}" else closing, node[3])
        if (opening, closing) in (("(", ")"), ("[", "]"), ("{", "}")):
            return node
        raise NotAFormula

    def _commanded(self, command: str) -> Node:
        if command in _GREEK:
            return ("sym", self._marked(command[1:]))
        if command in _FUNCTIONS:
            return self._function(command[1:])
        if command == "\\frac":
            return ("/", self._argument(), self._argument())
        if command == "\\binom":
            return ("binom", self._argument(), self._argument())
        if command == "\\sqrt":
            return self._root()
        if command == "\\log":
            base: Node = ("num", Fraction(10), None)
            if self.at("_"):
                self.next()
                base = self._argument()
            return ("log", base, self._function_argument())
        if command in ("\\lfloor", "\\lceil"):
            node = self.sum()
            self.take("\\rfloor" if command == "\\lfloor" else "\\rceil")
            return ("fn", command[2:], node)
        if command == "\\{":
            return self._set()
        simple: dict[str, Node] = {"\\infty": ("inf",), "\\emptyset": ("items", "\\{", "\\}", ())}
        if command in simple:
            return simple[command]
        if command in _NUMBER_SETS:
            return ("sym", command)
        raise NotAFormula

    def _set(self) -> Node:
        if self.at("\\}"):
            self.next()
            return ("items", "\\{", "\\}", ())
        node = self.items()
        self.take("\\}")
        return ("items", "\\{", "\\}", node[3] if node[0] == "items" and node[1] == "" else (node,))

    def _argument(self) -> Node:
        r"""A group, or as LaTeX reads it the next sign alone: \frac12 is one half."""
        token = self.token
        if token is not None and token.kind == "number" and len(token.value) > 1:
            first, rest = token.value[0], token.value[1:]
            self.put_back(Token("number", rest, False))
            if not first.isdigit() or not rest[0].isdigit():
                raise NotAFormula
            return ("num", Fraction(first), None)
        return self.operand(single=True)

    def _root(self) -> Node:
        degree: Node = ("num", Fraction(2), None)
        if self.at("["):
            self.next()
            degree = self.sum()
            self.take("]")
        # \sqrt3 and √12 take the whole number, as people write them
        return ("root", degree, self.operand(single=True))

    def _function(self, name: str) -> Node:
        power: Node | None = None
        if self.at("^"):
            self.next()
            power = self.exponent()
        argument = self._function_argument()
        if power is None:
            return ("fn", name, argument)
        if power == ("neg", ("num", Fraction(1), None)):
            return ("fn", f"arc{name}", argument)
        return ("^", ("fn", name, argument), power)

    def _function_argument(self) -> Node:
        r"""What stands in brackets, or factors up to the next function: \sin 2x \cos y."""
        if self.at("(", "[", "{", "|"):
            return self.operand()
        node = self.power()
        while self.starts_factor() and not self.at("(") and not (self.token and self.token.value in _FUNCTIONS):
            node = self.beside(node)
        while self.at("/") and node[0] in ("sym", "*", "num"):  # sin pi x / 2: all of it is the argument
            self.next()
            node = ("/", node, self.power())
            while self.starts_factor() and self.kind("letters"):
                node = ("*", node, self.power())
        return node

    def _matrix(self) -> Node:
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        while not self.kind("end"):
            row.append(self.sum())
            if self.at("&"):
                self.next()
            elif self.kind("row"):
                self.next()
                rows.append(tuple(row))
                row = []
            elif not self.kind("end"):
                raise NotAFormula
        self.next()
        rows += [tuple(row)] if row else []
        return ("matrix", tuple(rows))
