// The windowed registers: 64 physical registers, of which a window of 16 is live, and what moves the window: calls, ENTRY,
// RETW, the overflow and underflow exceptions and the instructions of their handlers. Source: Xtensa ISA reference,
// "Windowed Register Option" (WindowCheck, WindowOverflow, and the operations of the instructions).

/// PS fields of the window option.
enum WindowState {
    /// PS.WOE.
    static let enabled: UInt32 = 1 << 18
    /// PS.CALLINC, two bits from 16.
    static let callIncrementShift: UInt32 = 16
    /// PS.OWB, four bits from 8.
    static let oldBaseShift: UInt32 = 8
    /// Groups of four registers in the physical file.
    static let groups: UInt32 = 16
    /// The bytes that hold a group.
    static let groupSize = 16
}

extension SpecialRegisters {
    /// PS.CALLINC.
    var callIncrement: UInt32 {
        get { ps >> WindowState.callIncrementShift & 3 }
        set { ps = ps & ~(3 << WindowState.callIncrementShift) | newValue << WindowState.callIncrementShift }
    }

    /// PS.OWB.
    var oldWindowBase: UInt32 {
        get { ps >> WindowState.oldBaseShift & 15 }
        set { ps = ps & ~(15 << WindowState.oldBaseShift) | newValue << WindowState.oldBaseShift }
    }

    /// PS.WOE set and PS.EXCM clear: windows overflow and underflow.
    var areWindowsChecked: Bool { ps & (WindowState.enabled | 0x10) == WindowState.enabled }

    /// The WindowStart bit of the group `distance` groups from the live window's first.
    func isWindowStart(_ distance: UInt32) -> Bool { windowStart >> ((windowBase &+ distance) & 15) & 1 == 1 }

    /// What `highestFreeGroup` must be for the present WindowBase, WindowStart and PS.
    var freeGroup: Int {
        guard areWindowsChecked else { return 3 }
        // Bit n of this is the start bit of the live group n; the window's own bit says nothing.
        let starts = (windowStart | windowStart << 16) >> windowBase
        return starts & 14 == 0 ? 3 : (starts >> 1).trailingZeroBitCount
    }
}

extension XtensaCPU {
    /// Moves the window by a number of groups, up or (as two's complement) down.
    func rotateWindow(by groups: UInt32) {
        moveWindow(to: special.windowBase &+ groups)
    }

    /// Makes the 16 physical registers from group `base` on the live ones.
    func moveWindow(to base: UInt32) {
        let live = UnsafeMutableRawPointer(ar)
        let file = UnsafeMutableRawPointer(physicalRegisters)
        let (old, new) = (special.windowBase, base & 15)
        for group in 0..<4 {
            let values = live.load(fromByteOffset: group * WindowState.groupSize, as: SIMD4<UInt32>.self)
            let place = Int((old &+ UInt32(group)) & 15) * WindowState.groupSize
            file.storeBytes(of: values, toByteOffset: place, as: SIMD4<UInt32>.self)
        }
        for group in 0..<4 {
            let place = Int((new &+ UInt32(group)) & 15) * WindowState.groupSize
            let values = file.load(fromByteOffset: place, as: SIMD4<UInt32>.self)
            live.storeBytes(of: values, toByteOffset: group * WindowState.groupSize, as: SIMD4<UInt32>.self)
        }
        special.windowBase = new
    }

    /// A register of the physical file, 0 to 63, wherever the window is.
    package func physicalRegister(_ number: Int) -> UInt32 {
        let distance = (UInt32(number & 63) &- special.windowBase * 4) & 63
        return distance < 16 ? ar[Int(distance)] : physicalRegisters[number & 63]
    }

    /// WindowCheck's exception: `pc` is about to touch a group above `special.highestFreeGroup`, which belongs to a caller.
    /// The window moves to that caller and its handler spills it.
    func overflowWindow() {
        let distance = UInt32(special.highestFreeGroup + 1)
        enterWindowException()
        rotateWindow(by: distance)
        let offset: UInt32 = special.isWindowStart(1) ? 0 : special.isWindowStart(2) ? 0x80 : 0x100
        nextPC = special.vecbase &+ offset
    }

    private func enterWindowException() {
        special.epc[1] = pc
        special.oldWindowBase = special.windowBase
        special.ps |= 0x10
    }

    /// CALL4, CALL8, CALL12 and their register forms: the increment, 1 to 3, rides in the return address.
    func callWindowed(_ increment: UInt32, target: UInt32) {
        special.callIncrement = increment
        ar[Int(increment) * 4] = increment << 30 | nextPC & 0x3FFF_FFFF
        nextPC = target
    }

    /// ENTRY.
    func executeEntry(_ w: UInt32, s: Int) {
        guard s < 4, special.areWindowsChecked else { return raise(.illegalInstruction) }
        let increment = special.callIncrement
        ar[Int(increment) * 4 + s] = ar[s] &- w >> 12 * 8
        rotateWindow(by: increment)
        special.windowStart |= 1 << special.windowBase
    }

    /// RETW and RETW.N.
    func returnWindowed() {
        let increment = ar[0] >> 30
        let nearest: UInt32 =
            special.isWindowStart(0 &- 1)
            ? 1 : special.isWindowStart(0 &- 2) ? 2 : special.isWindowStart(0 &- 3) ? 3 : 0
        guard special.areWindowsChecked, increment != 0, nearest == 0 || nearest == increment else {
            return raise(.illegalInstruction)
        }
        let target = pc & 0xC000_0000 | ar[0] & 0x3FFF_FFFF
        let callee = special.windowBase
        if nearest != 0 {
            rotateWindow(by: 0 &- increment)
            special.windowStart &= ~(1 << callee)
            nextPC = target
        } else {
            enterWindowException()
            rotateWindow(by: 0 &- increment)
            nextPC = special.vecbase &+ (increment * 0x80 - 0x40)
        }
    }

    /// MOVSP: the stack pointer may move only while the caller's registers are live, since a spilled caller's are found by it.
    func executeMoveStackPointer(t: Int, s: Int) {
        guard special.isWindowStart(0 &- 1) || special.isWindowStart(0 &- 2) || special.isWindowStart(0 &- 3) else {
            return raise(.alloca)
        }
        ar[t] = ar[s]
    }

    /// RFWO (`isStart` false) and RFWU (true): the group at hand is spilled or loaded; back to the interrupted window.
    func returnFromWindowException(isStart: Bool) {
        let bit = UInt32(1) << special.windowBase
        special.windowStart = isStart ? special.windowStart | bit : special.windowStart & ~bit
        moveWindow(to: special.oldWindowBase)
        special.ps &= ~0x10
        nextPC = special.epc[1]
    }

    /// L32E and S32E, which reach 64 to 4 bytes below a stack pointer, and S32NB, a store that no buffer may hold back.
    func executeWindowMemory(_ op2: Int, t: Int, s: Int, r: Int) {
        let offset = UInt32(r) * 4
        switch op2 {
        case 0: if let value = load(ar[s] &+ offset &- 64, width: 4) { ar[t] = value }
        case 4: store(ar[s] &+ offset &- 64, ar[t], width: 4)
        case 5: store(ar[s] &+ offset, ar[t], width: 4)
        case _: raise(.illegalInstruction)
        }
    }
}
