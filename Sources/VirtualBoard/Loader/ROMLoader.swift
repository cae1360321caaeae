// The serial loader in the chip's ROM and, once a client has uploaded its flasher stub, that stub's dialect.
// A pure machine: bytes in, actions out. The answers are those of the ESP32's ROM, oddities included, observed
// on its boot ROM; secure download mode and flash encryption are left out.

/// The loader that a board in download mode runs.
package struct ROMLoader {
    private var decoder = SLIPDecoder(limit: LoaderRequest.romCapacity, rules: .rom)
    private var rom = ROMCommands()
    /// The stub that runs in the ROM's place.
    private var stub: FlasherStub?
    /// A RAM program or the flash's contents run, or the ROM has lost its way: nothing answers until a reset.
    private var isSilent = false

    /// A loader as after a reset into download mode.
    package init() {}

    /// Takes bytes of the host and returns what to do, in order.
    ///
    /// After `.run` or `.reboot` the loader is gone and ignores all bytes; the last bytes of the same call are lost.
    package mutating func received(_ bytes: [UInt8], host: any LoaderHost) -> [LoaderAction] {
        var actions: [LoaderAction] = []
        var rest = bytes[...]
        while !isSilent, let frame = decoder.received(&rest) {
            if stub != nil {
                actions += stub?.received(frame, host: host) ?? []
                isSilent = actions.last?.leavesLoader ?? false
            } else {
                handle(rom: frame, host, &actions)
            }
        }
        return actions
    }

    private mutating func handle(rom frame: [UInt8], _ host: any LoaderHost, _ actions: inout [LoaderAction]) {
        let (replies, next) = rom.received(frame, host: host)
        actions += replies
        switch next {
        case .stay: return
        case .hang: isSilent = true
        case .leave(let action):
            isSilent = true
            actions.append(action)
        case .stub(let generation):
            stub = FlasherStub(generation)
            // A stub attaches the flash by itself before it greets.
            host.loaderAttachFlash()
            decoder = SLIPDecoder(limit: LoaderRequest.stubCapacity, rules: .stub)
            actions.append(.send(slipFrame(Array("OHAI".utf8))))
        }
    }
}

extension LoaderAction {
    /// Whether the loader is gone after this.
    var leavesLoader: Bool {
        switch self {
        case .send, .changeBaud: false
        case .run, .reboot: true
        }
    }
}
