// SPDX-License-Identifier: Apache-2.0
import ClusterScheduler
import LinuxKernel
import TestSupport

extension ManualClock: SchedulerClock {
    package var secondsSince1970: Double { Double(now.nanoseconds) / 1e9 }
}
