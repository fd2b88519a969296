package conv

const tileSide = 4

func winograd(s Shape) bool { return false }

func (f *Filter) packWinograd(p *form) {}

func (j *correlation) winograd(s *scratch, r rectangle, first, last int) {}

const spectrumSize = 36

func winogradWeights(s Shape) bool { return false }

func (j *weightJob) tiles(s *scratch, r rectangle, o, outputs, b, channels, slice int) {}

func (j *weightJob) interpolate(s *scratch, sums []float32) []float32 { return sums }
