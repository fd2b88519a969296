package network_test

import (
	"strings"
	"testing"

	"multiscale/pkg/network"
)

// TestBlind: a Blind network has the name, options and parameters of its body, can be described
// and parsed, and must have a body that takes t.
func TestBlind(t *testing.T) {
	for _, n := range network.Restoration(true) {
		b := network.Hide(n)
		if b.Conditions() != 0 || b.Name() != n.Name() || b.Scale() != 1 || b.Multiple() != n.Multiple() || network.Text(all(), b) != n.Name() {
			t.Errorf("%s: %+v", n.Name(), b)
		}
		_, wrapped := b.(network.Blind)
		if wrapped != (n.Conditions() > 0) || network.Hide(b).Conditions() != 0 || network.Inner(b).Name() != n.Name() {
			t.Errorf("%s: %+v", n.Name(), b)
		}
		if !wrapped {
			continue
		}
		seeing, err := network.Parameters(n, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		blind, err := network.Parameters(b, 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range seeing.All() {
			if o := blind.All()[i]; o.Name != p.Name || o.Values()[0] != p.Values()[0] || len(o.Values()) != len(p.Values()) {
				t.Errorf("%s: parameter %s is %s of the blind one", n.Name(), p.Name, o.Name)
			}
		}
		text, ok := network.Standard().Describe(b)
		again, err := network.Standard().Parse(text)
		if !ok || err != nil || network.Show(again) == again {
			t.Errorf("%s: described as %s, read as %+v, %v", n.Name(), text, again, err)
		}
	}
	found, err := network.Find([]network.Network{network.Hide(network.NewUNet())}, "unet:base=16")
	if b, ok := found.(network.Blind); err != nil || !ok || b.Body.(network.UNet).Base != 16 {
		t.Errorf("%+v, %v", found, err)
	}
	for text, words := range map[string]string{
		`{"blind":{"Body":{"espcn":{"Channels":3,"Hidden1":4,"Hidden2":4,"Factor":2}}}}`: "must be one that takes t",
		`{"blind":{}}`:           "",
		`{"blind":null}`:         "",
		`{"blind":{"Factor":2}}`: "unknown field",
	} {
		if n, err := network.Standard().Parse(text); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %+v, %v", text, n, err)
		}
	}
}
