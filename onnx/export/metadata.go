package export

import (
	"fmt"
	"strconv"
	"strings"

	"multiscale/onnx"
	"multiscale/pkg/lists"
	"multiscale/pkg/network"
)

// Metadata describes the training and the use of an exported model. It contains neither time nor machine, so
// that equal trainings give equal files.
type Metadata struct {
	Task, Network, Strategy string
	Seed                    uint64
	DataDigest              string // digest of the training data
	// Mean and Std normalise pixels in [0,1] for the network: (pixel-mean)/std, with one entry per channel or one for all.
	Mean, Std []float64
	// Time says how the input t follows from the noise in a picture: it is the text of a task.Noise. Empty if t does not
	// follow from noise.
	Time string
	// Paired means that the task makes no degraded pictures itself, but takes them from the data set.
	Paired bool
	// Blind means that the network does not receive t, although its task has it.
	Blind bool
	// Measures are the names of the task's measures. The first one decides.
	Measures []string
	// Loss is the minimised loss in the form that model.ParseLoss reads; "" for the task's own.
	Loss string
	// Average is the decay of the moving average of weights that the model has; 0 if it has the weights of the last step.
	Average float64
}

// The keys of the metadata.
const (
	keyTask     = "task"
	keyNetwork  = "network"
	keyStrategy = "strategy"
	keySeed     = "seed"
	keyDigest   = "data_digest"
	keyMean     = "normalisation_mean"
	keyStd      = "normalisation_std"
	keyTime     = "meaning_of_t"
	keyMeasures = "measures"
	keyLoss     = "loss"
	keyAverage  = "ema"
	keySight    = "t"     // "hidden" if the network does not receive t; otherwise absent
	keyInput    = "input" // inputOfPairs, or absent
	// keyArchitecture has the network's kind and options (network.Kinds). Network
	// writes it; Import reads it.
	keyArchitecture = "architecture"
)

// inputOfPairs is the value of keyInput for models that were trained on pairs.
const inputOfPairs = "degraded pictures of the data set"

// Properties returns the entries of the file's metadata_props.
func (m Metadata) Properties() []onnx.Property {
	properties := []onnx.Property{
		{Key: keyTask, Value: m.Task},
		{Key: keyNetwork, Value: m.Network},
		{Key: keyStrategy, Value: m.Strategy},
		{Key: keySeed, Value: strconv.FormatUint(m.Seed, 10)},
		{Key: keyDigest, Value: m.DataDigest},
		{Key: keyMean, Value: join(m.Mean)},
		{Key: keyStd, Value: join(m.Std)},
	}
	for _, optional := range []struct {
		given      bool
		key, value string
	}{
		{m.Time != "", keyTime, m.Time},
		{m.Blind, keySight, network.SightHidden.String()},
		{m.Paired, keyInput, inputOfPairs},
		{len(m.Measures) > 0, keyMeasures, strings.Join(m.Measures, ",")},
		{m.Loss != "", keyLoss, m.Loss},
		{m.Average != 0, keyAverage, join([]float64{m.Average})},
	} {
		if optional.given {
			properties = append(properties, onnx.Property{Key: optional.key, Value: optional.value})
		}
	}
	return properties
}

// ReadMetadata reads the metadata that Properties has written. It returns an error if a required entry is missing or
// invalid.
func ReadMetadata(model *onnx.Model) (m Metadata, err error) {
	get := func(key string) string {
		v, ok := model.Property(key)
		if !ok && err == nil {
			err = fmt.Errorf("the model's metadata has no %q; was it exported by this project?", key)
		}
		return v
	}
	m = Metadata{Task: get(keyTask), Network: get(keyNetwork), Strategy: get(keyStrategy), DataDigest: get(keyDigest)}
	seed, mean, std := get(keySeed), get(keyMean), get(keyStd)
	if err != nil {
		return m, err
	}
	if m.Seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
		return m, fmt.Errorf("metadata %s=%q is not a number", keySeed, seed)
	}
	if m.Mean, err = split(keyMean, mean); err != nil {
		return m, err
	}
	if m.Std, err = split(keyStd, std); err != nil {
		return m, err
	}
	m.readOptional(model)
	if len(m.Mean) != len(m.Std) {
		return m, fmt.Errorf("metadata %s and %s differ in length", keyMean, keyStd)
	}
	return m, nil
}

// earlier has the meaning of t and the measures for models of the paper's tasks whose
// metadata lack them.
var earlier = map[string]Metadata{
	"denoising":       {Time: "share of the image", Measures: []string{"mse"}},
	"deblurring":      {Time: "share of noise", Measures: []string{"mse"}},
	"inpainting":      {Time: "share of noise", Measures: []string{"ssim", "mse"}},
	"superresolution": {Measures: []string{"ssim"}},
}

// readOptional reads the entries that a model may lack.
func (m *Metadata) readOptional(model *onnx.Model) {
	m.Loss, _ = model.Property(keyLoss)
	if text, ok := model.Property(keyAverage); ok {
		m.Average, _ = strconv.ParseFloat(text, 64) // it is only a description
	}
	list, ok := model.Property(keyMeasures)
	if !ok {
		m.Time, m.Measures = earlier[m.Task].Time, earlier[m.Task].Measures
		return
	}
	m.Measures = strings.Split(list, ",")
	sight, _ := model.Property(keySight)
	m.Blind = sight == network.SightHidden.String()
	input, _ := model.Property(keyInput)
	m.Paired = input == inputOfPairs
	m.Time, _ = model.Property(keyTime)
}

func join(v []float64) string {
	return strings.Join(lists.Of(v, func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }), ",")
}

func split(key, s string) (v []float64, err error) {
	if s == "" {
		return nil, nil
	}
	for _, part := range strings.Split(s, ",") {
		x, err := strconv.ParseFloat(part, 64)
		if err != nil {
			return nil, fmt.Errorf("metadata %s=%q is not a list of numbers", key, s)
		}
		v = append(v, x)
	}
	return v, nil
}
