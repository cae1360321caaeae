// The serial loader in the chip's ROM and, once a client has uploaded its flasher stub, that stub's dialect.
// A pure machine: bytes in, actions out. The answers are those of the ESP32's ROM, oddities included, observed
// on its boot ROM; secure download mode and flash encryption are left out.

/// The loader that a board in download mode runs.
package struct ROMLoader {
    private enum Speaker {
        case rom(SLIPDecoder)
        case stub(FlasherStub, SLIPDecoder)
        /// A RAM program or the flash's contents run, or the ROM has lost its way: nothing answers until a reset.
        case silent
    }

    private var speaker = Speaker.rom(SLIPDecoder(limit: LoaderRequest.romCapacity, rules: .rom))
    private var rom = ROMCommands()

    /// A loader as after a reset into download mode.
    package init() {}

    /// Takes bytes of the host and returns what to do, in order.
    ///
    /// After `.run` or `.reboot` the loader is gone and ignores all bytes; the last bytes of the same call are lost.
    package mutating func received(_ bytes: [UInt8], host: any LoaderHost) -> [LoaderAction] {
        var actions: [LoaderAction] = []
        for byte in bytes { received(byte, host: host, &actions) }
        return actions
    }

    private mutating func received(_ byte: UInt8, host: any LoaderHost, _ actions: inout [LoaderAction]) {
        switch speaker {
        case .silent: return
        case .rom(var decoder):
            // Moved out while it changes, so that its buffer is not copied for every byte.
            speaker = .silent
            let frame = decoder.received(byte)
            speaker = .rom(decoder)
            if let frame { handle(rom: frame, host, &actions) }
        case .stub(var stub, var decoder):
            speaker = .silent
            if let frame = decoder.received(byte) { actions += stub.received(frame, host: host) }
            speaker = .stub(stub, decoder)
            if actions.last?.leavesLoader ?? false { speaker = .silent }
        }
    }

    private mutating func handle(rom frame: [UInt8], _ host: any LoaderHost, _ actions: inout [LoaderAction]) {
        let (replies, next) = rom.received(frame, host: host)
        actions += replies
        switch next {
        case .stay: return
        case .hang: speaker = .silent
        case .leave(let action):
            speaker = .silent
            actions.append(action)
        case .stub(let generation):
            speaker = .stub(FlasherStub(generation), SLIPDecoder(limit: LoaderRequest.stubCapacity, rules: .stub))
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
