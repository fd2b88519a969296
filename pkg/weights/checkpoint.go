package weights

import (
	"errors"
	"fmt"
	"strings"

	"multiscale/pkg/weights/pickle"
)

// decodeZip reads a checkpoint in the format that PyTorch writes since version 1.6: a zip file with one folder of any
// name, which has the pickle data.pkl, a file data/KEY for each storage, and byteorder.
func decodeZip(data []byte) (*File, error) {
	files, err := openArchive(data)
	if err != nil {
		return nil, err
	}
	const program = "/data.pkl"
	folder := ""
	for name := range files {
		if root, ok := strings.CutSuffix(name, program); ok && !strings.Contains(root, "/") {
			if folder != "" {
				return nil, errors.New("the zip file holds two checkpoints")
			}
			folder = root
		}
	}
	if folder == "" {
		return nil, errors.New("the zip file is not a PyTorch checkpoint: it holds no " + program[1:])
	}
	if _, script := files[folder+"/constants.pkl"]; script {
		return nil, errors.New("it is a TorchScript program, not a checkpoint; save model.state_dict() with torch.save")
	}
	bigEndian := false
	if _, given := files[folder+"/byteorder"]; given {
		order, err := files.read(folder + "/byteorder")
		if err != nil {
			return nil, err
		}
		switch string(order) {
		case "little":
		case "big":
			bigEndian = true
		default:
			return nil, fmt.Errorf("its byte order is %s, want little or big", pickle.Brief(string(order)))
		}
	}
	code, err := files.read(folder + program)
	if err != nil {
		return nil, err
	}
	s := storages{map[string]*storage{}}
	value, _, err := pickle.Read(code, pickle.Host{Global: global, Persistent: s.persistent})
	if err != nil {
		return nil, err
	}
	return load(value, len(data), bigEndian, func(s *storage) ([]byte, error) {
		return files.read(folder + "/data/" + s.key)
	})
}
