// The bare-metal build with the real cross compiler. Skipped where it is not installed (make test installs it).

import SystemPackage
import Testing
import TestSupport
import Toolchain

private let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"]
private let hasCompiler = Peers.program("xtensa-lx106-elf-gcc") != nil

// The cross compiler is a Debian package; nothing here can be checked without it.
@Suite("Bare-metal builds", .enabled(if: hasCompiler, "xtensa-lx106-elf-gcc is not installed"))
struct BareBuilding {
    let home = ProjectHome(root: Peers.checkout)
    let driver = BareBuild(environment: environment)

    @Test("Both sketches build, and a second build finds nothing to do", arguments: ["run_model_cnn", "run_model_pca_mlp"])
    func sketches(name: String) async throws {
        try await withTemporaryFolder { output in
            let request = BuildRequest(
                sketch: try home.sketch(name), board: try home.board(named: "esp32-devkitc-v4"), output: output)
            let first = try await driver.build(request)
            print("cold:", first.seconds, first.sizes, first.warnings.map(\.text))
            #expect(!first.isUpToDate)
            #expect(first.images.map(\.offset) == [0x1000, 0x8000, 0x10000])
            #expect(first.images.map(\.label) == ["second-stage", "partition-table", "factory"])
            #expect(first.warnings == [])
            let second = try await driver.build(request)
            print("again:", second.seconds)
            #expect(second.isUpToDate)
            #expect(second.images == first.images)
            #expect(second.seconds < 1)
        }
    }
}
