package tftp

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// Operations (RFC 1350 §5, RFC 2347).
const (
	opRRQ   = 1
	opWRQ   = 2
	opData  = 3
	opAck   = 4
	opError = 5
	opOACK  = 6
)

// headerSize is what stands before the bytes of a block.
const headerSize = 4

// request is a read or a write request.
type request struct {
	op         uint16
	name, mode string
	options    []option // in the order in which they came
}

type option struct{ name, value string }

// parseRequest understands a request. A name without value at its end is no
// option, and a packet that stops in the middle of a word has that word.
func parseRequest(b []byte) (r request, ok bool) {
	if len(b) < 2 {
		return r, false
	}
	r.op = binary.BigEndian.Uint16(b)
	words := strings.Split(strings.TrimSuffix(string(b[2:]), "\x00"), "\x00")
	if r.op != opRRQ && r.op != opWRQ || len(words) < 2 {
		return r, false
	}
	r.name, r.mode = words[0], strings.ToLower(words[1])
	for pair := range slices.Chunk(words[2:], 2) {
		if len(pair) == 2 {
			r.options = append(r.options, option{strings.ToLower(pair[0]), pair[1]})
		}
	}
	return r, true
}

// plain tells whether a request is one that the library answers right.
func (r request) plain() bool {
	return r.op == opRRQ && len(r.options) == 0 && (r.mode == "octet" || r.mode == "netascii")
}

// ofTransfer tells whether an operation is one of a transfer that runs.
func ofTransfer(op uint16) bool { return op >= opData && op <= opOACK }

// ackOf reads an ACK.
func ackOf(b []byte) (block uint16, ok bool) {
	if len(b) < headerSize || binary.BigEndian.Uint16(b) != opAck {
		return 0, false
	}
	return binary.BigEndian.Uint16(b[2:]), true
}

// errorOf reads an error packet: what the client says, in plain characters.
func errorOf(b []byte) (text string, ok bool) {
	if len(b) < headerSize || binary.BigEndian.Uint16(b) != opError {
		return "", false
	}
	said, _, _ := strings.Cut(string(b[headerSize:]), "\x00")
	return strings.Map(func(c rune) rune {
		if odd(c) && c != ' ' {
			return -1
		}
		return c
	}, said), true
}

// How a transfer ends that is not whole.
var (
	errName      = errors.New("file name not allowed")
	errNotFound  = errors.New("file not found")
	errRead      = errors.New("file cannot be read")
	errReadOnly  = errors.New("read only: writing is not allowed")
	errIllegal   = errors.New("illegal TFTP operation: ask to read a file")
	errMode      = errors.New("mode not known, ask for octet")
	errBusy      = errors.New("too many transfers, try again")
	errFull      = errors.New("too many transfers of all clients, try again")
	errStopping  = errors.New("server stops, try again")
	errSilent    = errors.New("no acknowledgement came")
	errStranger  = errors.New("unknown transfer ID")
	errBrokenOff = errors.New("the client broke off")
)

// codes are the errors that clients see, with their numbers (RFC 1350
// appendix). They name neither paths nor reasons of ours.
var codes = []struct {
	err  error
	code byte
}{
	{errStopping, 0},
	{errBusy, 0},
	{errFull, 0},
	{errSilent, 0},
	{errNotFound, 1},
	{errName, 2},
	{errRead, 2},
	{errReadOnly, 2},
	{errIllegal, 4},
	{errMode, 4},
	{errStranger, 5},
}

// errorPacket tells a client why it gets nothing more.
func errorPacket(err error) []byte {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return append([]byte{0, opError, 0, c.code}, c.err.Error()+"\x00"...)
		}
	}
	return append([]byte{0, opError, 0, 0}, "the transfer broke off\x00"...)
}
