// Looks at what is there: what must be, what may be, and what is broken, each with the one command that mends it. It
// changes nothing.

import Glibc
import SystemPackage

/// What was looked at, and what was seen.
public struct Finding: Equatable, Sendable {
    /// How it stands.
    public enum State: String, Sendable {
        /// As it should be.
        case ok
        /// Not there, and only needed for some things.
        case absent
        /// Not there, and needed.
        case missing
        /// There, and of no use as it is.
        case broken
    }

    /// What was looked at.
    public var name: String
    /// How it stands.
    public var state: State
    /// What was seen.
    public var detail: String
    /// The command that mends it; empty where nothing has to be done.
    public var remedy: String

    /// Makes a finding.
    public init(_ name: String, _ state: State, _ detail: String, remedy: String = "") {
        self.name = name
        self.state = state
        self.detail = detail
        self.remedy = remedy
    }

    /// Whether work will fail for it.
    public var isFailure: Bool { state == .missing || state == .broken }
}

/// Looks around.
public struct Doctor: Sendable {
    private let environment: [String: String]
    private let prefix: InstallPrefix

    /// Makes a doctor for an environment and a prefix.
    public init(environment: [String: String], prefix: InstallPrefix) {
        self.environment = environment
        self.prefix = prefix
    }

    /// What builds without any vendor's toolchain need.
    public func bareBackEnd() -> [Finding] {
        do throws(ToolchainError) {
            let compiler = try BareCompiler.find(path: environment["PATH"] ?? "/usr/bin:/bin")
            return [Finding("bare back end", .ok, "\(compiler.c)")]
        } catch {
            return [Finding("bare back end", .missing, error.message, remedy: error.hint)]
        }
    }

    /// The programs of the system that installing needs.
    public func programs() -> [Finding] {
        let needs = [
            ("curl", "downloads"), ("xz", ".tar.xz archives"), ("bzip2", ".tar.bz2 archives"),
            ("zstd", ".tar.zst archives"), ("git", "the Arduino back end's libraries, and ESP-IDF"),
            ("python3", "ESP-IDF"),
        ]
        return needs.map { name, purpose in
            if let path = Programs.path(name, environment: environment) { return Finding(name, .ok, "\(path)") }
            return Finding(name, .absent, "needed for \(purpose)", remedy: Programs.remedy(for: name))
        }
    }

    /// The other back ends and the emulator.
    public func backEnds() async -> [Finding] {
        var findings: [Finding] = []
        let cores = FoundArduino.all(environment: environment, prefix: prefix)
        let cli = ArduinoFolders.program(environment: environment, prefix: prefix)
        switch (cli, cores.first) {
        case (let cli?, let core?):
            findings.append(Finding("arduino back end", .ok, "\(cli), core \(core.version ?? "?") in \(core.core)"))
        case (nil, _):
            findings.append(
                Finding(
                    "arduino back end", .absent, "no arduino-cli", remedy: Programs.remedy(for: "arduino-cli")))
        case (_, nil):
            findings.append(
                Finding(
                    "arduino back end", .absent, "no ESP32 core", remedy: "espmask toolchain install arduino"))
        }
        findings.append(await idfBackEnd())
        let inTools = ToolEnvironment(prefix: prefix).applied(to: environment)
        if let qemu = Programs.path("qemu-system-xtensa", environment: inTools) {
            findings.append(Finding("qemu", .ok, "\(qemu)"))
        } else {
            findings.append(
                Finding("qemu", .absent, "only needed to compare with it", remedy: "espmask toolchain install qemu"))
        }
        return findings
    }

    // ESP-IDF's own script is asked whether everything is there: a checkout alone builds nothing.
    private func idfBackEnd() async -> Finding {
        guard let idf = FoundIDF.all(environment: environment, prefix: prefix).first else {
            return Finding("idf back end", .absent, "no ESP-IDF", remedy: "espmask toolchain install idf")
        }
        do throws(ToolchainError) {
            _ = try await IDFEnvironment.find(environment: environment, prefix: prefix)
            return Finding("idf back end", .ok, "ESP-IDF \(idf.version ?? "?") in \(idf.path)")
        } catch {
            return Finding("idf back end", .absent, "\(idf.path): \(error.message)", remedy: error.hint)
        }
    }

    /// Every installed tool: whether its files are there and it answers.
    public func tools() async -> [Finding] {
        var findings: [Finding] = []
        for receipt in prefix.receipts() {
            let folder = prefix.folder(receipt.place)
            let name = "\(receipt.name) \(receipt.version)"
            let remedy = "espmask toolchain remove \(receipt.name)@\(receipt.version), then install it again"
            // The receipt itself is one file more.
            let files = Tree.count(folder) - 1
            if files < receipt.files {
                findings.append(
                    Finding(
                        name, .broken, "\(receipt.files - files) of \(receipt.files) files are gone", remedy: remedy))
            } else if let folder = receipt.exports.paths.map({ $0.reduce(folder) { $0.appending($1) } })
                .first(where: { receipt.reported != nil && !FileStamp.isDirectory($0) })
            {
                findings.append(Finding(name, .broken, "\(folder) is gone", remedy: remedy))
            } else {
                findings.append(Finding(name, .ok, "\(folder)"))
            }
        }
        for folder in unreceipted() {
            findings.append(
                Finding(
                    "\(folder)", .broken,
                    "a folder of tools without a receipt: something else put it there, or damaged it",
                    remedy: "rm -r '\(folder)', or install that tool: it will be replaced"))
        }
        if FileStamp.isDirectory(prefix.staging) {
            findings.append(
                Finding(
                    "staging", .absent, "an installation was interrupted, or is going on",
                    remedy: "run it again: what was fetched is kept"))
        }
        return findings
    }

    private func unreceipted() -> [FilePath] {
        let tools = prefix.root.appending("tools")
        return FileStamp.names(in: tools).sorted().flatMap { name in
            FileStamp.names(in: tools.appending(name)).sorted().map { tools.appending(name).appending($0) }
        }.filter { FileStamp.isDirectory($0) && Receipt.read(in: $0) == nil }
    }

    /// The room where tools go.
    public func disk() -> [Finding] {
        var folder = prefix.root
        while !FileStamp.isDirectory(folder), folder.removeLastComponent() {}
        var room = statvfs()
        guard folder.withPlatformString({ statvfs($0, &room) }) == 0 else { return [] }
        let (bytes, overflow) = Int(room.f_bavail).multipliedReportingOverflow(by: Int(room.f_frsize))
        let megabytes = (overflow ? .max : bytes) >> 20
        return [
            megabytes < 512
                ? Finding("disk", .broken, "\(megabytes) MB are free at \(folder)", remedy: "free some space")
                : Finding("disk", .ok, "\(megabytes) MB are free at \(folder)")
        ]
    }

    /// What keeps a user from a serial port.
    public func serialPorts() -> [Finding] {
        var findings: [Finding] = []
        if let group = getgrnam("dialout"), getuid() != 0 {
            var groups = [gid_t](repeating: 0, count: 256)
            let count = getgroups(CInt(groups.count), &groups)
            let isMember =
                getegid() == group.pointee.gr_gid || groups.prefix(max(0, Int(count))).contains(group.pointee.gr_gid)
            findings.append(
                isMember
                    ? Finding("serial ports", .ok, "this user is in the group dialout")
                    : Finding(
                        "serial ports", .absent, "this user may not open them",
                        remedy: "sudo usermod -aG dialout $USER, then log in again"))
        } else {
            findings.append(Finding("serial ports", .ok, "this user may open them"))
        }
        // brltty takes CP210x and CH340 converters for Braille displays.
        if Programs.path("brltty", environment: environment) != nil {
            findings.append(
                Finding(
                    "brltty", .absent, "it takes boards' USB converters for Braille displays",
                    remedy: "sudo apt-get remove brltty, unless you need it"))
        }
        return findings
    }
}
