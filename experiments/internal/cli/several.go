package cli

// Strings defines a flag that may be given several times, with any value but the
// empty one each time.
func (f *Flags) Strings(p *[]string, name, unit, usage string) {
	f.Func(name, unit, "", usage, func(s string) error {
		f.given[name] = false // so that the next time is as welcome as the first
		if s == "" {
			return Wrong(name, s, "the value is empty", "give "+unit)
		}
		*p = append(*p, s)
		return nil
	})
}
