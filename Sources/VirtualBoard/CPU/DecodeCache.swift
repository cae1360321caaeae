// Decoded code in blocks: a block is a run of instructions that are executed one after the other, from an address that was
// jumped to up to a jump, a place where a zero-overhead loop ends, or a limit. Branches inside go out when taken. Blocks
// lie one behind the other in one piece of memory and are found by address through a table for each 4 KB page; jumps
// remember the place of their target. Everything is forgotten at once when code changes (`MemoryMap.isCodeStale`).
//
// In front of each block is a header: `immediate` is its address, `link` the number of its instructions, `a` the highest
// group of address registers that they use.

/// Decoded blocks of one processor.
final class DecodeCache {
    /// More instructions are not put in a block; the hot loop leaves when fewer cycles than this may pass.
    static let blockLimit = 64
    private static let capacity = 1 << 19
    private static let pageLimit = 2048
    private static let stride = MemoryLayout<DecodedInstruction>.stride

    /// What the table of a page holds for an address: where its block starts, and these.
    enum Mark {
        /// The address is inside of a block.
        static let inside: UInt32 = 1
        /// A zero-overhead loop has ended here: blocks end as well.
        static let loopEnd: UInt32 = 2
        static let all: UInt32 = 3
    }

    typealias Page = UnsafeMutablePointer<UInt32>
    /// Tables by address >> 12.
    let pages: UnsafeMutablePointer<Page?>
    /// The blocks.
    let base: UnsafeMutableRawPointer
    private let memory: MemoryMap
    private var usedPages: [Int] = []
    private var end = stride
    /// The place of the last instruction of the block being decoded, if it is not the second of a pair; 0 for none.
    private var single = 0
    /// The blocks must be forgotten before any is run again: the memory is full, or a block runs over a loop's end.
    private(set) var isObsolete: Bool {
        get { obsolescence.pointee }
        set { obsolescence.pointee = newValue }
    }
    private let obsolescence: UnsafeMutablePointer<Bool>

    init(memory: MemoryMap) {
        obsolescence = .allocate(capacity: 1)
        obsolescence.initialize(to: false)
        self.memory = memory
        pages = MemoryMap.zeroed(count: MemoryMap.pageCount)
        base = .allocate(byteCount: Self.capacity * Self.stride, alignment: 64)
    }

    deinit {
        for page in usedPages { pages[page]?.deallocate() }
        MemoryMap.release(pages)
        base.deallocate()
        obsolescence.deallocate()
    }

    /// The first instruction of the block that starts at an address, decoded now if need be. Nil where there is no
    /// instruction to decode, and where the blocks are obsolete.
    func block(at address: UInt32) -> UnsafeMutablePointer<DecodedInstruction>? {
        if let page = pages[Int(address >> 12)] {
            let place = page[Int(address & 0xFFF)] & ~Mark.all
            if place != 0 { return instruction(at: place) }
        }
        return decode(from: address)
    }

    /// The instruction at a place.
    func instruction(at place: UInt32) -> UnsafeMutablePointer<DecodedInstruction> {
        (base + Int(place)).assumingMemoryBound(to: DecodedInstruction.self)
    }

    /// The place of the block that a jump goes to, which the jump remembers; 0 where `block(at:)` has none.
    func link(_ jump: UnsafeMutablePointer<DecodedInstruction>) -> UInt32 {
        guard let block = block(at: jump.pointee.target), !isObsolete else { return 0 }
        let place = UInt32(truncatingIfNeeded: UnsafeMutableRawPointer(block) - base)
        jump.pointee.link = place
        return place
    }

    /// Makes sure that blocks end at an address because a zero-overhead loop does.
    func noteLoopEnd(_ address: UInt32) {
        let entry = table(of: address) + Int(address & 0xFFF)
        if entry.pointee & Mark.loopEnd != 0 { return }
        if entry.pointee & Mark.inside != 0 { isObsolete = true }
        entry.pointee |= Mark.loopEnd
    }

    /// Forgets all blocks, and where too many pages are in use all loop ends with them.
    func forget() {
        memory.forgetCode()
        end = Self.stride
        isObsolete = false
        guard usedPages.count < Self.pageLimit else {
            for page in usedPages {
                pages[page]?.deallocate()
                pages[page] = nil
            }
            usedPages = []
            return
        }
        for page in usedPages {
            guard let table = pages[page] else { continue }
            for index in 0..<Int(MemoryMap.pageSize) { table[index] &= Mark.loopEnd }
        }
    }

    private func table(of address: UInt32) -> Page {
        let number = Int(address >> 12)
        if let page = pages[number] { return page }
        let page = Page.allocate(capacity: Int(MemoryMap.pageSize))
        page.initialize(repeating: 0, count: Int(MemoryMap.pageSize))
        pages[number] = page
        usedPages.append(number)
        if usedPages.count >= Self.pageLimit { isObsolete = true }
        return page
    }

    // MARK: Decoding

    private func append(_ instruction: DecodedInstruction) {
        (base + end).storeBytes(of: instruction, as: DecodedInstruction.self)
        end += Self.stride
    }

    private func decode(from start: UInt32) -> UnsafeMutablePointer<DecodedInstruction>? {
        // Each instruction takes at most two places, the end four, the header one.
        guard (Self.capacity - 2 * Self.blockLimit - 8) * Self.stride > end else {
            isObsolete = true
            return nil
        }
        guard fetch(start) != nil else { return nil }
        let header = end
        end += Self.stride
        single = 0
        let place = end
        var (address, count, group) = (start, 0, 0)
        var endsHere = false
        while count < Self.blockLimit, let word = fetch(address) {
            if count > 0 { table(of: address)[Int(address & 0xFFF)] |= Mark.inside }
            let operation = append(word, at: address, position: count)
            if operation != .word { group = max(group, XtensaCPU.highestRegisterGroup(of: word, callIncrement: 0)) }
            count += 1
            address &+= XtensaCPU.length(of: word)
            endsHere = operation.endsBlock
            if endsHere { break }
            if table(of: address)[Int(address & 0xFFF)] & Mark.loopEnd != 0 {
                appendLoopEnd(address, count: count)
                break
            }
        }
        if !endsHere {
            // A loop may come to end here later.
            table(of: address)[Int(address & 0xFFF)] |= Mark.inside
            appendNext(address, count: count)
        }
        var first = DecodedInstruction(.next, a: group, immediate: start)
        first.setTarget(start)
        first.link = UInt32(count)
        (base + header).storeBytes(of: first, as: DecodedInstruction.self)
        table(of: start)[Int(start & 0xFFF)] |= UInt32(place)
        return instruction(at: UInt32(place))
    }

    /// Decodes one instruction behind what is there.
    private func append(_ word: UInt32, at address: UInt32, position: Int) -> Operation {
        var (decoded, target) = Decoder.decode(word, at: address)
        if word & 15 == 1, let value = literal(word, at: address) {
            decoded = DecodedInstruction(.moveImmediate, a: Int(word >> 4 & 15), immediate: value)
        }
        let straight = address &+ XtensaCPU.length(of: word)
        switch decoded.operation {
        case .loop, .loopIfNonzero, .loopIfPositive:
            noteLoopEnd(decoded.immediate)
            decoded.setTarget(straight)
            decoded.c = UInt8(position + 1)
            append(decoded)
            appendNext(decoded.immediate, count: position + 1)
        case let operation where operation.isLinked:
            decoded.setTarget(target ?? straight)
            decoded.c = UInt8(position + 1)
            append(decoded)
        case .nothing: return .nothing
        case _:
            decoded.setOrigin(pc: address, word: word, position: position)
            append(decoded)
        }
        pairUp(decoded.operation)
        return decoded.operation
    }

    /// Makes one operation of the last two instructions where there is one, unless the first belongs to a pair already.
    private func pairUp(_ operation: Operation) {
        let last = end - Self.stride
        if single != 0, let pair = Operation.pair(instruction(at: UInt32(single)).pointee.operation, operation) {
            instruction(at: UInt32(single)).pointee.operation = pair
            single = 0
        } else {
            single = last
        }
    }

    private func appendNext(_ address: UInt32, count: Int) {
        var next = DecodedInstruction(.next, c: count)
        next.setTarget(address)
        append(next)
    }

    /// What is at a loop's end: back to LBEG, whatever that is then, or on.
    private func appendLoopEnd(_ address: UInt32, count: Int) {
        var back = DecodedInstruction(.loopEnd, c: count, immediate: address)
        back.setTarget(address)
        append(back)
    }

    /// The value that L32R loads, where it is in memory that instructions come from, and is watched like those.
    private func literal(_ word: UInt32, at pc: UInt32) -> UInt32? {
        let address = (pc &+ 3) & ~3 &+ (0xFFFC_0000 | (word >> 8) << 2)
        let result = memory.instructionWord(around: address)
        return result.fault == .none ? result.value : nil
    }

    /// The instruction at an address, its words noted as decoded; nil where fetching it is not possible.
    private func fetch(_ address: UInt32) -> UInt32? {
        let first = memory.instructionWord(around: address)
        guard first.fault == .none else { return nil }
        let shift = (address & 3) * 8
        let word = first.value >> shift
        let available = 4 - address & 3
        if available >= XtensaCPU.length(of: word) { return XtensaCPU.instruction(word) }
        let second = memory.instructionWord(around: address &+ 4)
        guard second.fault == .none else { return nil }
        return XtensaCPU.instruction(word | second.value << (32 - shift))
    }
}
