// One direction of the board's line with its faults: bytes go in, and come out whole, changed, late or not at
// all. Deterministic: counts and a seeded generator decide, never a clock.

/// The bytes of one direction on their way through the faults.
struct FaultChannel {
    private struct Run {
        var due: UInt64
        var bytes: [UInt8]
    }

    private enum Effect {
        case drop
        case corrupt(bit: Int)
        case duplicate
        case delay(UInt64)
        case disconnect
    }

    private struct Rule {
        var effect: Effect
        var position: FaultPosition
        /// How many bytes had passed when the fault was added.
        var base: Int
    }

    private struct Noise {
        var threshold: UInt64
        var generator: SplitMix
    }

    private var rules: [Rule] = []
    private var noise: [Noise] = []
    private var runs: [Run] = []
    private var count = 0
    private(set) var held = 0
    private(set) var mustDisconnect = false

    /// Takes on the part of a fault that concerns this direction.
    mutating func add(_ spec: FaultSpec, direction: FaultDirection) {
        func add(_ effect: Effect, _ position: FaultPosition, _ only: FaultDirection?) {
            if only == nil || only == direction { rules.append(Rule(effect: effect, position: position, base: count)) }
        }
        switch spec {
        case .drop(let position, let only): add(.drop, position, only)
        case .corrupt(let position, let only, let bit): add(.corrupt(bit: bit), position, only)
        case .duplicate(let position, let only): add(.duplicate, position, only)
        case .delay(let position, let only, let milliseconds):
            add(.delay(UInt64(max(0, milliseconds)) * 1_000_000), position, only)
        case .disconnect(let byte, let only): add(.disconnect, .byte(byte), only)
        case .rate(let probability, let seed, let only):
            guard only == nil || only == direction else { return }
            let salt: UInt64 = direction == .rx ? 0 : 0x7A78
            noise.append(
                Noise(threshold: UInt64(min(max(probability, 0), 1) * 0x1p53), generator: SplitMix(state: seed ^ salt)))
        case .powerCut, .brownout, .flashBit: return
        }
    }

    /// Takes bytes in at board time `now`.
    mutating func admit(_ bytes: [UInt8], now: UInt64) {
        if rules.isEmpty && noise.isEmpty {
            count += bytes.count
            append(bytes, due: now)
            return
        }
        for byte in bytes where !mustDisconnect { admit(byte, now: now) }
    }

    /// The bytes that are due.
    mutating func release(now: UInt64) -> [UInt8] {
        let ready = runs.prefix { $0.due <= now }
        guard !ready.isEmpty else { return [] }
        let bytes = ready.count == 1 ? runs[0].bytes : ready.flatMap(\.bytes)
        runs.removeFirst(ready.count)
        held -= bytes.count
        return bytes
    }

    /// When the next held byte is due.
    var nextRelease: UInt64? { runs.first?.due }

    /// Forgets what is under way, as a new connection or a power cut does.
    mutating func clear() {
        runs.removeAll()
        held = 0
        mustDisconnect = false
    }

    private mutating func admit(_ byte: UInt8, now: UInt64) {
        count += 1
        var byte = byte
        var copies = 1
        var due = now
        for rule in rules where rule.position.hits(count - rule.base) {
            switch rule.effect {
            case .drop: copies = 0
            case .corrupt(let bit): byte ^= 1 << UInt8(truncatingIfNeeded: bit & 7)
            case .duplicate: copies *= 2
            case .delay(let time): due = due &+ time
            case .disconnect:
                mustDisconnect = true
                return
            }
        }
        for index in noise.indices where noise[index].generator.next() >> 11 < noise[index].threshold {
            switch noise[index].generator.next() % 3 {
            case 0: copies = 0
            case 1: byte ^= 1 << UInt8(noise[index].generator.next() % 8)
            default: copies *= 2
            }
        }
        append([UInt8](repeating: byte, count: min(copies, 64)), due: due)
    }

    private mutating func append(_ bytes: [UInt8], due: UInt64) {
        guard !bytes.isEmpty else { return }
        held += bytes.count
        let due = max(due, runs.last?.due ?? 0)
        if let last = runs.indices.last, runs[last].due == due {
            runs[last].bytes += bytes
        } else {
            runs.append(Run(due: due, bytes: bytes))
        }
    }
}

extension FaultPosition {
    func hits(_ count: Int) -> Bool {
        switch self {
        case .byte(let number): count == number
        case .every(let period): period > 0 && count % period == 0
        }
    }
}

/// A small generator with a seed (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators").
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
