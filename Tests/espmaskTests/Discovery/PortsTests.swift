// `espmask ports` and `--port auto` on device trees that umockdev puts in place of the machine's own.

import SystemPackage
import TestSupport
import Testing

@Suite("Serial ports of a machine", .enabled(if: Peers.program("umockdev-run") != nil, "umockdev is absent"))
struct PortsTests {
    private func run(
        _ arguments: [String], on devices: [MockUSB], board: String? = nil
    ) async throws -> Peers.Outcome {
        let folder = try ScratchFolder()
        let umockdev = try #require(Peers.program("umockdev-run"))
        try folder.write(Array(devices.map(\.text).joined().utf8), as: "tree.umockdev")
        var environment = ["COLUMNS": "100", "NO_COLOR": "1", "ESPMASK_HOME": Peers.checkout.string]
        environment["ESPMASK_BOARD"] = board
        return try await Peers.run(
            umockdev, ["--device", "tree.umockdev", "--", BuiltProgram.path.string] + arguments, in: folder.path,
            environment: environment)
    }

    @Test(
        "Each kind of port is listed with its ids, names and driver",
        arguments: [
            (MockUSB.cp210x, #""driver":"cp210x","candidate":true,"board":"esp32-devkitc-v4""#),
            (.ch340, #""driver":"ch341-uart","candidate":true"#), (.ch9102, #""driver":"cdc_acm","candidate":true"#),
            (.ftdi, #""driver":"ftdi_sio","candidate":true"#), (.usbJTAG, #""driver":"cdc_acm","candidate":true"#),
            (.modem, #""driver":"option","candidate":false,"board":null"#),
        ])
    func kinds(device: MockUSB, part: String) async throws {
        let result = try await run(["ports", "--json"], on: [device])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let serial = device.serial.map { "\"\($0)\"" } ?? "null"
        let ids =
            "\"path\":\"/dev/\(device.tty ?? "")\",\"vid\":\"\(hex4(device.vendor))\",\"pid\":\"\(hex4(device.product))\""
        for part in [part, ids, "\"serial\":\(serial),\"product\":\"\(device.name)\""] {
            #expect(result.output.contains(part), "\(part): \(result.output)")
        }
        #expect(result.output.hasPrefix("[") && result.output.split(separator: "\n").count == 1)
    }

    private func hex4(_ number: UInt16) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    @Test("A machine without USB lists nothing and fails nothing, and auto says that nothing is attached")
    func nothing() async throws {
        let list = try await run(["ports", "--json"], on: [])
        #expect(list.status == 0)
        #expect(list.output == "[]\n")
        #expect(list.errors.isEmpty)
        let auto = try await run(["info", "--port", "auto", "--json"], on: [])
        #expect(auto.status == 3)
        #expect(auto.output.contains("port-not-found") && auto.output.contains("no USB serial port"), "\(auto.output)")
        let bare = try await BuiltProgram.run(["ports", "--json"], in: "/")
        #expect(bare.status == 0, "\(bare.errors)")
        #expect(bare.output.hasPrefix("["))
    }

    @Test("auto takes the one candidate, whatever else there is, and does not touch the others")
    func one() async throws {
        let result = try await run(["info", "--port", "auto", "--json"], on: [.modem, .ch9102])
        // The mock has no device behind the name: that it was tried shows in the message.
        #expect(result.status == 3 || result.status == 4, "\(result.output)\(result.errors)")
        #expect(result.output.contains("/dev/ttyACM0"), "\(result.output)")
        #expect(!result.output.contains("ttyUSB3"))
    }

    @Test("auto between several takes the wanted board's, or names them all")
    func several() async throws {
        let open = try await run(["info", "--port", "auto", "--json"], on: [.ch340, .ch9102, .modem])
        #expect(open.status == 3)
        #expect(open.output.contains("port-ambiguous"), "\(open.output)")
        #expect(open.output.contains("/dev/ttyUSB1") && open.output.contains("/dev/ttyACM0"), "\(open.output)")
        #expect(!open.output.contains("ttyUSB3"))
        let wanted = try await run(
            ["info", "--port", "auto", "--json"], on: [.ch340, .cp210x], board: "esp32-devkitc-v4")
        #expect(wanted.output.contains("/dev/ttyUSB0"), "\(wanted.output)")
    }

    @Test("A bridge that brltty or nobody took is named with its cure")
    func missing() async throws {
        let stolen = try await run(["info", "--port", "auto", "--json"], on: [.stolen])
        #expect(stolen.status == 3)
        #expect(stolen.output.contains("port-not-found") && stolen.output.contains("brltty"), "\(stolen.output)")
        let bare = try await run(["ports"], on: [.driverless, .stolen])
        #expect(bare.status == 0)
        #expect(bare.errors.contains("modprobe cp210x") && bare.errors.contains("apt remove brltty"), "\(bare.errors)")
    }
}
