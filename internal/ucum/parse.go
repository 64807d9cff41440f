package ucum

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

const (
	maxBytes    = 255
	maxLevels   = 32
	maxExponent = 99
)

// Parse returns the unit that code stands for; the error wraps ErrUnit.
func Parse(code string) (*Unit, error) { return parseLevel(code, 0) }

func parseLevel(code string, level int) (*Unit, error) {
	if code == "" || len(code) > maxBytes {
		return nil, fmt.Errorf("%w: want 1..%d bytes, have %d", ErrUnit, maxBytes, len(code))
	}
	p := parser{text: code, level: level}
	u, err := p.mainTerm()
	if err == nil && p.at < len(code) {
		err = p.fail("an operator or the end")
	}
	if err != nil {
		return nil, err
	}
	if u.factor.Num().BitLen() > 4096 || u.factor.Denom().BitLen() > 4096 {
		return nil, p.fail("a unit of a usual size")
	}
	return u, nil
}

type parser struct {
	text  string
	at    int
	level int
}

func (p *parser) fail(want string) error {
	return fmt.Errorf("%w: want %s at byte %d", ErrUnit, want, p.at)
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) eat(c byte) bool {
	if p.peek() == c {
		p.at++
		return true
	}
	return false
}

// mainTerm reads a whole unit, which may begin with a stroke (§7).
func (p *parser) mainTerm() (*Unit, error) {
	if p.eat('/') {
		u, err := p.component()
		if err != nil {
			return nil, err
		}
		inverse, err := u.raise(-1)
		if err != nil {
			return nil, err
		}
		return p.rest(inverse)
	}
	return p.term()
}

func (p *parser) term() (*Unit, error) {
	u, err := p.component()
	if err != nil {
		return nil, err
	}
	return p.rest(u)
}

// rest reads further components; the operators bind from the left (§7).
func (p *parser) rest(u *Unit) (*Unit, error) {
	for {
		sign := 1
		switch {
		case p.eat('.'):
		case p.eat('/'):
			sign = -1
		default:
			return u, nil
		}
		v, err := p.component()
		if err != nil {
			return nil, err
		}
		if v, err = v.raise(sign); err != nil {
			return nil, err
		}
		if u, err = u.times(v); err != nil {
			return nil, err
		}
	}
}

func (p *parser) component() (*Unit, error) {
	switch c := p.peek(); {
	case c == '(':
		p.level++
		if p.level > maxLevels {
			return nil, p.fail("fewer levels")
		}
		p.at++
		u, err := p.mainTerm()
		if err != nil {
			return nil, err
		}
		if !p.eat(')') {
			return nil, p.fail("a closing parenthesis")
		}
		p.level--
		return u, p.annotation()
	case c == '{':
		return unity(), p.annotation()
	case c >= '0' && c <= '9':
		if u, ok, err := p.tenPower(); ok {
			return u, err
		}
		start := p.at
		for p.peek() >= '0' && p.peek() <= '9' {
			p.at++
		}
		n, _ := new(big.Rat).SetString(p.text[start:p.at])
		if n.Sign() == 0 {
			return nil, p.fail("a factor other than 0")
		}
		return &Unit{factor: n}, p.annotation()
	}
	return p.annotatable()
}

// tenPower reads 10* and 10^ with their exponent, which are atoms (§31).
func (p *parser) tenPower() (*Unit, bool, error) {
	if rest := p.text[p.at:]; !strings.HasPrefix(rest, "10*") && !strings.HasPrefix(rest, "10^") {
		return nil, false, nil
	}
	p.at += 3
	exponent, ok, err := p.exponent()
	if err != nil {
		return nil, true, err
	}
	if !ok {
		exponent = 1
	}
	u, err := (&Unit{factor: big.NewRat(10, 1)}).raise(exponent)
	if err != nil {
		return nil, true, err
	}
	return u, true, p.annotation()
}

// annotation reads comments in braces; they mean nothing (§12). Spaces, which
// UCUM has not in its alphabet, stand in the units that HL7 lists.
func (p *parser) annotation() error {
	for p.eat('{') {
		for p.peek() != '}' {
			if c := p.peek(); c < ' ' || c > '~' || c == '{' {
				return p.fail("an annotation in printable ASCII that is closed")
			}
			p.at++
		}
		p.at++
	}
	return nil
}

// exponent reads digits with an optional sign (§9).
func (p *parser) exponent() (int, bool, error) {
	start, sign, n := p.at, 1, 0
	if p.eat('-') {
		sign = -1
	} else {
		p.eat('+')
	}
	digits := p.at
	for p.peek() >= '0' && p.peek() <= '9' {
		n = n*10 + int(p.peek()-'0')
		p.at++
		if n > maxExponent {
			return 0, false, p.fail("a smaller exponent")
		}
	}
	if p.at == digits {
		if p.at > start {
			return 0, false, p.fail("digits after a sign")
		}
		return 0, false, nil
	}
	return sign * n, true, nil
}

// annotatable reads an atom with its prefix, exponent and annotation.
func (p *parser) annotatable() (*Unit, error) {
	start := p.at
	brackets := false
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c == '[' || c == ']' {
			brackets = c == '['
		} else if !brackets && strings.IndexByte("./(){}", c) >= 0 || c <= ' ' || c > '~' {
			break
		}
		p.at++
	}
	symbol := p.text[start:p.at]
	u, prefix, ok := p.lookup(symbol)
	exponent := 1
	if !ok {
		cut := exponentAt(symbol)
		p.at = start + cut
		if u, prefix, ok = p.lookup(symbol[:cut]); !ok {
			p.at = start
			return nil, p.fail("a unit that UCUM knows")
		}
		e, has, err := p.exponent()
		if err != nil {
			return nil, err
		}
		if has {
			exponent = e
		}
		if p.at != start+len(symbol) {
			return nil, p.fail("an operator after an exponent")
		}
	}
	if prefix != nil {
		if u.offset != nil {
			return nil, p.fail("a special unit without a prefix")
		}
		u = &Unit{factor: new(big.Rat).Mul(prefix, u.factor), dim: u.dim, arbitrary: u.arbitrary}
	}
	u, err := u.raise(exponent)
	if err != nil {
		return nil, err
	}
	return u, p.annotation()
}

// exponentAt returns where the trailing exponent of a symbol begins.
func exponentAt(symbol string) int {
	i := len(symbol)
	for i > 0 && symbol[i-1] >= '0' && symbol[i-1] <= '9' {
		i--
	}
	if i > 0 && i < len(symbol) && (symbol[i-1] == '-' || symbol[i-1] == '+') {
		i--
	}
	return i
}

// lookup finds an atom, with a prefix where it is metric.
func (p *parser) lookup(symbol string) (u *Unit, prefix *big.Rat, ok bool) {
	if a := index()[symbol]; a != nil {
		u, err := a.unit(p.level)
		return u, nil, err == nil
	}
	for _, x := range prefixes {
		rest, found := strings.CutPrefix(symbol, x.code)
		if !found {
			continue
		}
		if a := index()[rest]; a != nil && a.metric {
			u, err := a.unit(p.level)
			factor, _ := new(big.Rat).SetString(x.factor)
			return u, factor, err == nil
		}
	}
	return nil, nil, false
}

// unit returns what an atom stands for.
func (a *atom) unit(level int) (*Unit, error) {
	if a.base {
		u := unity()
		u.dim[a.dimension] = 1
		return u, nil
	}
	if level > maxLevels {
		return nil, ErrUnit
	}
	if a.unitOf == "" {
		return &Unit{factor: one(), arbitrary: []power{{a.code, 1}}}, nil
	}
	u, err := parseLevel(a.unitOf, level+1)
	if err != nil {
		return nil, err
	}
	value, _ := new(big.Rat).SetString(a.value)
	out := &Unit{factor: new(big.Rat).Mul(value, u.factor), dim: u.dim, arbitrary: u.arbitrary}
	if a.offset != "" {
		out.offset, _ = new(big.Rat).SetString(a.offset)
	}
	return out, nil
}

func unity() *Unit { return &Unit{factor: one()} }

// raise returns u to a power.
func (u *Unit) raise(n int) (*Unit, error) {
	if n == 1 {
		return u, nil
	}
	if u.offset != nil {
		return nil, fmt.Errorf("%w: a special unit stands alone", ErrUnit)
	}
	out := unity()
	for i := range u.dim {
		e := int(u.dim[i]) * n
		if e > maxExponent || e < -maxExponent {
			return nil, fmt.Errorf("%w: want a smaller exponent", ErrUnit)
		}
		out.dim[i] = int8(e)
	}
	for _, a := range u.arbitrary {
		out.arbitrary = append(out.arbitrary, power{a.code, a.exponent * n})
	}
	if u.factor.Num().BitLen()+u.factor.Denom().BitLen() > 4096 {
		return nil, fmt.Errorf("%w: want a unit of a usual size", ErrUnit)
	}
	e := big.NewInt(int64(max(n, -n)))
	num := new(big.Int).Exp(u.factor.Num(), e, nil)
	denom := new(big.Int).Exp(u.factor.Denom(), e, nil)
	if n < 0 {
		num, denom = denom, num
	}
	out.factor.SetFrac(num, denom)
	return out, nil
}

// times returns the product of two units.
func (u *Unit) times(v *Unit) (*Unit, error) {
	if u.offset != nil || v.offset != nil {
		return nil, fmt.Errorf("%w: a special unit stands alone", ErrUnit)
	}
	out := &Unit{factor: new(big.Rat).Mul(u.factor, v.factor)}
	if out.factor.Num().BitLen()+out.factor.Denom().BitLen() > 1<<14 {
		return nil, fmt.Errorf("%w: want a unit of a usual size", ErrUnit)
	}
	for i := range u.dim {
		e := int(u.dim[i]) + int(v.dim[i])
		if e > maxExponent || e < -maxExponent {
			return nil, fmt.Errorf("%w: want a smaller exponent", ErrUnit)
		}
		out.dim[i] = int8(e)
	}
	for _, a := range append(slices.Clone(u.arbitrary), v.arbitrary...) {
		i := slices.IndexFunc(out.arbitrary, func(b power) bool { return a.code == b.code })
		if i < 0 {
			out.arbitrary = append(out.arbitrary, a)
			continue
		}
		out.arbitrary[i].exponent += a.exponent
	}
	out.arbitrary = slices.DeleteFunc(out.arbitrary, func(a power) bool { return a.exponent == 0 })
	slices.SortFunc(out.arbitrary, func(a, b power) int { return cmp.Compare(a.code, b.code) })
	return out, nil
}
