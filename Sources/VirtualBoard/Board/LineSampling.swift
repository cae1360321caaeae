// What arrives when the two ends of a serial line run at different speeds: the receiver samples the sender's waveform in
// the middle of where it expects each bit (TRM, "UART Controllers", receiver). Every byte is taken to stand alone on
// an idle line of 8N1, so that the result does not depend on how bytes were cut into pieces.

/// A receiver that samples what a sender put on the line.
package struct LineSampling {
    /// Bits a second of the two ends.
    let sender: Int
    let receiver: Int

    /// Up to this part of a difference the last of ten bits is still sampled within itself.
    private static let toleratedPart = 32

    package init(sender: Int, receiver: Int) {
        self.sender = sender
        self.receiver = receiver
    }

    /// True when every byte comes through as it was sent.
    var isClean: Bool { sender <= 0 || receiver <= 0 || abs(sender - receiver) <= sender / Self.toleratedPart }

    /// The bytes that the receiver takes out of `bytes`.
    package func heard(_ bytes: [UInt8]) -> [UInt8] { isClean ? bytes : bytes.flatMap { heard($0) } }

    // Time is counted in units in which a bit of the sender and a bit of the receiver are both even numbers.
    private func heard(_ byte: UInt8) -> [UInt8] {
        let sentBit = 2 * receiver
        let sampledBit = 2 * sender
        let frame = UInt16(byte) << 1 | 1 << 9
        func isHigh(_ time: Int) -> Bool { time >= 10 * sentBit || frame >> UInt16(time / sentBit) & 1 != 0 }
        var heard: [UInt8] = []
        var time = 0
        while let start = fallingEdge(from: time, sentBit, isHigh) {
            func sample(_ bit: Int) -> Bool { isHigh(start + bit * sampledBit + sampledBit / 2) }
            // A start bit that is gone by its middle was a glitch.
            guard !sample(0) else {
                time = start + sampledBit / 2
                continue
            }
            heard.append((0..<8).reduce(0) { $0 | (sample($1 + 1) ? 1 << UInt8($1) : 0) })
            time = start + 9 * sampledBit + sampledBit / 2
        }
        return heard
    }

    /// The next time at or after `time` at which the line goes down; a line that is down at `time` has to rise first.
    private func fallingEdge(from time: Int, _ bit: Int, _ isHigh: (Int) -> Bool) -> Int? {
        if time == 0 { return 0 }
        var wasHigh = isHigh(time)
        for edge in stride(from: (time / bit + 1) * bit, to: 10 * bit, by: bit) {
            if wasHigh && !isHigh(edge) { return edge }
            wasHigh = isHigh(edge)
        }
        return nil
    }
}
