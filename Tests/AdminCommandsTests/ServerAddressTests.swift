// SPDX-License-Identifier: Apache-2.0
import ServingModel
import Testing

@testable import AdminCommands

@Suite("Which socket a verb speaks to")
struct ServerAddressTests {
    @Test("The flag wins over the environment")
    func flag() throws {
        let address = try ServerAddress(socket: "x/admin.sock", environment: ["DEEPFLOW_HOST": "unix:///y.sock"])
        #expect(address.candidates == ["x/admin.sock"])
        #expect(address.nodeCandidates(.local) == ["x/nodes/local.sock"])
    }

    @Test("Beside a node's own socket are the other nodes'", arguments: ["/x/nodes/a.sock", "nodes/a.sock"])
    func besideNode(socket: String) throws {
        let address = try ServerAddress(socket: socket, environment: [:])
        #expect(address.nodeCandidates(.local) == [socket.replacing("a.sock", with: "local.sock")])
    }

    @Test("An empty path is exit code 64")
    func empty() {
        let error = #expect(throws: CommandError.self) { try ServerAddress(socket: "", environment: [:]) }
        #expect(error?.exitCode == 64)
        #expect(error?.description.contains("--socket names no path") == true)
    }

    @Test("DEEPFLOW_HOST names a socket by its path")
    func host() throws {
        let address = try ServerAddress(socket: nil, environment: ["DEEPFLOW_HOST": "unix:///a/b.sock"])
        #expect(address.candidates == ["/a/b.sock"])
    }

    @Test("Any other form of DEEPFLOW_HOST is a configuration error", arguments: ["tcp://x:1", "unix://a", "/a/b"])
    func wrongHost(host: String) {
        #expect(throws: CommandError.self) { try ServerAddress(socket: nil, environment: ["DEEPFLOW_HOST": host]) }
    }

    @Test("By default the admin socket of the system comes first, the user's own server last")
    func defaults() throws {
        let address = try ServerAddress(socket: nil, environment: ["XDG_RUNTIME_DIR": "/run/user/7"])
        #expect(
            address.candidates == [
                "/run/deepflow/admin.sock", "/run/deepflow/api.sock", "/run/user/7/deepflow/admin.sock",
                "/run/user/7/deepflow/api.sock",
            ])
        #expect(
            address.nodeCandidates(.local) == [
                "/run/deepflow/nodes/local.sock", "/run/user/7/deepflow/nodes/local.sock",
            ])
    }

    @Test("A socket without a directory has its nodes beside it")
    func bareName() throws {
        let address = try ServerAddress(socket: "api.sock", environment: [:])
        #expect(address.nodeCandidates(.local) == ["nodes/local.sock"])
    }
}
