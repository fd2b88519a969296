package ranks

import "encoding/binary"

// Gather returns the data of all ranks, in their order, on rank 0, and nil on the others. The lengths
// may differ.
func (r *Ranks) Gather(own []byte) ([][]byte, error) {
	if r.Rank() != 0 {
		return nil, r.send(0, own)
	}
	all := [][]byte{own}
	for from := 1; from < r.Size(); from++ {
		data, err := r.receive(from)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// Broadcast returns the data of rank 0 on every rank. Ranks pass it on along a binary tree.
func (r *Ranks) Broadcast(data []byte) ([]byte, error) {
	d := 1
	for ; d < r.Size() && r.Rank()&d == 0; d *= 2 {
	}
	if r.Rank() != 0 {
		var err error
		if data, err = r.receive(r.Rank() - d); err != nil {
			return nil, err
		}
	}
	for d /= 2; d >= 1; d /= 2 {
		if err := r.send(r.Rank()+d, data); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// List returns the list of rank 0 on every rank.
func (r *Ranks) List(list [][]byte) (all [][]byte, err error) {
	var data []byte
	for _, part := range list {
		data = append(binary.LittleEndian.AppendUint64(data, uint64(len(part))), part...)
	}
	data, err = r.Broadcast(data)
	for len(data) > 0 {
		n := binary.LittleEndian.Uint64(data)
		all = append(all, data[8:8+n])
		data = data[8+n:]
	}
	return all, err
}

// most is the length in bytes of the parts into which long messages are cut. The length of a message
// must fit 32 bits.
const most = 1 << 30

// send sends the length of data and then data.
func (r *Ranks) send(to int, data []byte) error {
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	if err := r.wait(r.transport.Send(to, tagBytes, length)); err != nil {
		return err
	}
	for ; len(data) > 0; data = data[min(most, len(data)):] {
		if err := r.wait(r.transport.Send(to, tagBytes, data[:min(most, len(data))])); err != nil {
			return err
		}
	}
	return nil
}

// receive returns the data of a send.
func (r *Ranks) receive(from int) ([]byte, error) {
	var length [8]byte
	if err := r.wait(r.transport.Receive(from, tagBytes, length[:])); err != nil {
		return nil, err
	}
	all := make([]byte, binary.LittleEndian.Uint64(length[:]))
	for data := all; len(data) > 0; data = data[min(most, len(data)):] {
		if err := r.wait(r.transport.Receive(from, tagBytes, data[:min(most, len(data))])); err != nil {
			return nil, err
		}
	}
	return all, nil
}
