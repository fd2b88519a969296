package picture

import "multiscale/pkg/picture/bmp"

func sizeBMP(s *source) (w, h int, err error) {
	head, err := s.start(4 << 10)
	if err != nil {
		return 0, 0, err
	}
	return bmp.Size(head)
}

func readBMP(s *source) (*raw, error) {
	data, err := s.all()
	if err != nil {
		return nil, err
	}
	p, err := bmp.Decode(data)
	if err != nil {
		return nil, err
	}
	return &raw{Decoded: Decoded{W: p.W, H: p.H, Pix8: p.Pix, Alpha8: p.Alpha}, profile: p.ICC}, nil
}
