package bmcsim

import (
	"net/http"

	"firstlight/server/oob"
)

// Indicator is what the identify light does.
func (b *BMC) Indicator() oob.Indicator {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.light
}

// leds spells what an IndicatorLED does.
var leds = map[oob.Indicator]string{oob.IndicatorOff: "Off", oob.IndicatorBlinking: "Blinking", oob.IndicatorLit: "Lit"}

// restingLEDs are those of a light that is lit while nobody looks for the machine.
var restingLEDs = map[oob.Indicator]string{oob.IndicatorOff: "Lit", oob.IndicatorBlinking: "Blinking"}

// showLight adds the light to the resource that has it.
func (b *BMC) showLight(body object, chassis bool) object {
	switch light := b.opts.Profile.Light; {
	case light == LightOfSystem && !chassis, light == LightOfChassis && chassis:
		body["LocationIndicatorActive"] = b.Indicator().On()
	case light == LEDOfSystem && !chassis, light == LEDOfChassis && chassis:
		body["IndicatorLED"] = leds[b.Indicator()]
	case light == RestingLEDOfChassis && chassis:
		body["IndicatorLED"] = restingLEDs[b.Indicator()]
	}
	return body
}

func (b *BMC) patchChassis(asked object) answer {
	return b.patchLight(b.showLight(object{}, true), asked)
}

// patchLight changes the light by whichever property the resource shows.
func (b *BMC) patchLight(shown, asked object) answer {
	for _, property := range []string{"LocationIndicatorActive", "IndicatorLED"} {
		if _, has := shown[property]; !has {
			continue
		}
		if refusal, bad := onlyProperties(asked, property); bad {
			return refusal
		}
		next, ok := b.lightOf(asked[property])
		if !ok {
			return refuse(http.StatusBadRequest, "PropertyValueNotInList", "The value %v for the property %s is not in the list of acceptable values.", asked[property], property)
		}
		return b.later(func() error { b.setLight(next); return nil })
	}
	refusal, bad := onlyProperties(asked)
	if !bad {
		return refuse(http.StatusBadRequest, "PropertyMissing", "The request names no property.")
	}
	return refusal
}

// lightOf reads a value as the profile's light has it. A light that only knows
// on and off blinks.
func (b *BMC) lightOf(value any) (oob.Indicator, bool) {
	words := leds
	switch b.opts.Profile.Light {
	case LightOfSystem, LightOfChassis:
		on, isBool := value.(bool)
		if on {
			return oob.IndicatorBlinking, isBool
		}
		return oob.IndicatorOff, isBool
	case RestingLEDOfChassis:
		words = restingLEDs
	default: // the words of most
	}
	for i, word := range words {
		if word == value {
			return i, true
		}
	}
	return "", false
}

func (b *BMC) setLight(next oob.Indicator) {
	b.mu.Lock()
	changed := b.light != next
	b.light = next
	if changed {
		b.counts.LightChanges++
	}
	b.mu.Unlock()
	if changed {
		b.opts.Indicate(next)
	}
}
