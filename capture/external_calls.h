// The calls that share memory, semaphores and fences with other processes and APIs: recorded as all others,
// with the payload that a handle stands for in front of them (payloads.h), and with what their objects are
// remembered for the submits that acquire them (outside_contents.h).
//
// One function a call, as hooks.cpp's hook(), which takes them from here. Any thread.
#pragma once

#include "format/vk.h"

namespace reprise::capture::external {

void hook(GetFenceFdKHRCall& call, Command called);
void hook(GetFenceWin32HandleKHRCall& call, Command called);
void hook(GetMemoryAndroidHardwareBufferANDROIDCall& call, Command called);
void hook(GetMemoryFdKHRCall& call, Command called);
void hook(GetMemoryWin32HandleKHRCall& call, Command called);
void hook(GetMemoryWin32HandleNVCall& call, Command called);
void hook(GetMemoryZirconHandleFUCHSIACall& call, Command called);
void hook(GetSemaphoreFdKHRCall& call, Command called);
void hook(GetSemaphoreWin32HandleKHRCall& call, Command called);
void hook(GetSemaphoreZirconHandleFUCHSIACall& call, Command called);
void hook(ImportFenceFdKHRCall& call, Command called);
void hook(ImportFenceWin32HandleKHRCall& call, Command called);
void hook(ImportSemaphoreFdKHRCall& call, Command called);
void hook(ImportSemaphoreWin32HandleKHRCall& call, Command called);
void hook(ImportSemaphoreZirconHandleFUCHSIACall& call, Command called);

void hook(CmdExecuteCommandsCall& call, Command called);
void hook(CmdPipelineBarrierCall& call, Command called);
void hook(CmdPipelineBarrier2Call& call, Command called);
void hook(CmdWaitEventsCall& call, Command called);
void hook(CmdWaitEvents2Call& call, Command called);
void hook(CreateImageCall& call, Command called);
void hook(CreateSemaphoreCall& call, Command called);
void hook(DestroyBufferCall& call, Command called);
void hook(DestroyFenceCall& call, Command called);
void hook(DestroyImageCall& call, Command called);
void hook(DestroySemaphoreCall& call, Command called);
void hook(FreeCommandBuffersCall& call, Command called);
void hook(GetDeviceQueueCall& call, Command called);
void hook(GetDeviceQueue2Call& call, Command called);

}  // namespace reprise::capture::external
