// SPDX-License-Identifier: Apache-2.0
import LinuxKernel
import ServingModel
import Testing

@testable import NodeDaemon

@Suite("What changes while tasks wait") struct WithdrawalTests {
    @Test("a withdrawn task is never assigned")
    func withdrawal() throws {
        let now = MonotonicTime(nanoseconds: 1)
        let key = PoolKey(content: .content("a"))
        var pool = InstancePool.example(.init(instancesPerModel: 1, tasksPerInstance: 2), [("guide", "a")])
        let admission = pool.submit(.example(1), to: key, by: SchedulerTable.anonymous, now: now)
        guard case .admitted(let actions) = admission, case .startTemplate(let template, _)? = actions.first,
            case .fork(let ids, _, _)? = pool.templateReady(template, nil, now: now).first
        else {
            Issue.record("no instance was forked: \(admission)")
            return
        }
        let isTaken = pool.withdraw(TaskID(rawValue: 1))
        let isTakenAgain = pool.withdraw(TaskID(rawValue: 1))
        #expect(isTaken && !isTakenAgain)
        let ready = pool.instanceReady(try #require(ids.first), now: now)
        #expect(ready.isEmpty)
    }

    @Test("other limits hold from the next decision on, and what is there stays")
    func otherLimits() throws {
        let now = MonotonicTime(nanoseconds: 1)
        let model = ServedModel(name: .example("guide"), content: .content("a"))
        var pool = InstancePool.example(.init(instancesPerModel: 2, tasksPerInstance: 2), [("guide", "a")])
        guard case .startTemplate(let template, _)? = pool.prepare(model, now: now).first else {
            Issue.record("no template was started")
            return
        }
        _ = pool.templateReady(template, nil, now: now)
        for (limit, missing) in [(1, 1), (3, 2)] {
            pool.keep(to: .init(instancesPerModel: limit, tasksPerInstance: 2))
            let actions = pool.scale(model, to: 3, now: now)
            #expect(actions.reduce(0) { if case .fork(let ids, _, _) = $1 { $0 + ids.count } else { $0 } } == missing)
        }
    }
}
