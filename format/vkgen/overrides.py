"""What vk.xml cannot express, as data, a reason beside each row. Behaviour belongs in hooks.cpp, never here.

A row names a type, a command or `Owner.member`; one that the registry lacks stops the generator. `since` and `until`
are header versions (VK_HEADER_VERSION counts on from 1.3 to 1.4): the row is looked at from `since` up to, not
including, `until`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str
    reason: str
    value: object = None
    since: int = 0
    until: int = 1 << 30


# C declarations of the window systems' types, so that every platform's structs exist on every host.
FOREIGN_DECLARATIONS = [
    Row("Display", "Xlib; only its address is kept", "typedef struct _XDisplay Display;"),
    Row("VisualID", "Xlib", "typedef unsigned long VisualID;"),
    Row("Window", "Xlib", "typedef unsigned long Window;"),
    Row("RROutput", "Xrandr", "typedef unsigned long RROutput;"),
    Row("wl_display", "Wayland; only its address is kept", "struct wl_display;"),
    Row("wl_surface", "Wayland; only its address is kept", "struct wl_surface;"),
    Row("HINSTANCE", "Win32", "typedef struct HINSTANCE__* HINSTANCE;"),
    Row("HWND", "Win32", "typedef struct HWND__* HWND;"),
    Row("HMONITOR", "Win32", "typedef struct HMONITOR__* HMONITOR;"),
    Row("HANDLE", "Win32", "typedef void* HANDLE;"),
    Row("SECURITY_ATTRIBUTES", "Win32; only its address is kept",
        "typedef struct _SECURITY_ATTRIBUTES SECURITY_ATTRIBUTES;"),
    Row("DWORD", "Win32; 32 bits there", "typedef uint32_t DWORD;"),
    Row("LPCWSTR", "Win32; UTF-16 there, whatever wchar_t is here", "typedef const uint16_t* LPCWSTR;"),
    Row("xcb_connection_t", "XCB; only its address is kept", "typedef struct xcb_connection_t xcb_connection_t;"),
    Row("xcb_visualid_t", "XCB", "typedef uint32_t xcb_visualid_t;"),
    Row("xcb_window_t", "XCB", "typedef uint32_t xcb_window_t;"),
    Row("IDirectFB", "DirectFB; only its address is kept", "typedef struct _IDirectFB IDirectFB;"),
    Row("IDirectFBSurface", "DirectFB; only its address is kept", "typedef struct _IDirectFBSurface IDirectFBSurface;"),
    Row("zx_handle_t", "Fuchsia", "typedef uint32_t zx_handle_t;"),
    Row("GgpStreamDescriptor", "GGP", "typedef uint32_t GgpStreamDescriptor;"),
    Row("GgpFrameToken", "GGP", "typedef uint64_t GgpFrameToken;"),
    Row("_screen_context", "QNX; only its address is kept", "struct _screen_context;"),
    Row("_screen_window", "QNX; only its address is kept", "struct _screen_window;"),
    Row("_screen_buffer", "QNX; only its address is kept", "struct _screen_buffer;", since=258),
    Row("ubm_device", "UBM; only its address is kept", "struct ubm_device;", since=340),
    Row("ubm_surface", "UBM; only its address is kept", "struct ubm_surface;", since=340),
]

# Foreign types that are plain numbers: kept as such.
FOREIGN_INTEGERS = [
    Row("VisualID", "a number"), Row("Window", "a number"), Row("RROutput", "a number"), Row("DWORD", "a number"),
    Row("xcb_visualid_t", "a number"), Row("xcb_window_t", "a number"), Row("zx_handle_t", "a number"),
    Row("GgpStreamDescriptor", "a number"), Row("GgpFrameToken", "a number"),
]

# Foreign types that are themselves pointers, so that a pointer to one is an output or an array of them.
FOREIGN_VALUES = [
    Row("HANDLE", "a pointer-sized kernel handle"), Row("HMONITOR", "a pointer-sized handle"),
    Row("HINSTANCE", "a pointer-sized handle"), Row("HWND", "a pointer-sized handle"),
    Row("LPCWSTR", "a pointer to UTF-16"),
    Row("MTLDevice_id", "an Objective-C object pointer"), Row("MTLCommandQueue_id", "an Objective-C object pointer"),
    Row("MTLBuffer_id", "an Objective-C object pointer"), Row("MTLTexture_id", "an Objective-C object pointer"),
    Row("MTLSharedEvent_id", "an Objective-C object pointer"), Row("IOSurfaceRef", "a CoreFoundation pointer"),
]

# Types whose values mean something only inside the captured process.
OPAQUE_TYPES = [
    Row("VkRemoteAddressNV", "an address of another device, typed void*"),
    Row("CAMetalLayer", "an Objective-C object; only its address is kept"),
]

SKIPPED_STRUCTS = [
    Row("VkBaseInStructure", "a view of the head of any struct, no struct of its own"),
    Row("VkBaseOutStructure", "a view of the head of any struct, no struct of its own"),
]

# Lengths: C expressions over the owner, written `@member`.
LENGTHS = [
    Row("VkDeviceFaultInfoEXT.pVendorBinaryData", "its size stands in VkDeviceFaultCountsEXT, which the call passes beside it",
        ""),
    Row("VkPipelineMultisampleStateCreateInfo.pSampleMask", "registry formula; rasterizationSamples is an enum",
        "(@rasterizationSamples + 31) / 32"),
    Row("vkCmdSetSampleMaskEXT.pSampleMask", "registry formula; samples is an enum", "(@samples + 31) / 32"),
    Row("StdVideoH264SequenceParameterSet.pOffsetForRefFrame", "video.xml has no lengths; H.264 7.4.2.1.1",
        "@num_ref_frames_in_pic_order_cnt_cycle"),
    Row("StdVideoH265SequenceParameterSet.pShortTermRefPicSet", "older video.xml has no lengths; H.265 7.4.3.2.1",
        "@num_short_term_ref_pic_sets"),
    Row("StdVideoH265HrdParameters.pSubLayerHrdParametersNal",
        "as many as sub-layers, which stands in the VPS or SPS that holds it: only the first is kept", "1"),
    Row("StdVideoH265HrdParameters.pSubLayerHrdParametersVcl",
        "as many as sub-layers, which stands in the VPS or SPS that holds it: only the first is kept", "1"),
    Row("StdVideoEncodeH264RefMemMgmtCtrlOperations.pRefList0ModOperations", "video.xml of that time has no lengths",
        "@refList0ModOpCount", until=240),
    Row("StdVideoEncodeH264RefMemMgmtCtrlOperations.pRefList1ModOperations", "video.xml of that time has no lengths",
        "@refList1ModOpCount", until=240),
    Row("StdVideoEncodeH264RefMemMgmtCtrlOperations.pRefPicMarkingOperations", "video.xml of that time has no lengths",
        "@refPicMarkingOpCount", until=240),
]

# Pointers without a length in the registry that are kept as a bare 64-bit value.
OPAQUE_MEMBERS = [
    Row("VkCuLaunchInfoNVX.pParams", "arrays of kernel arguments whose sizes only the CUDA module knows"),
    Row("VkCuLaunchInfoNVX.pExtras", "CUDA driver options in an undocumented encoding"),
    Row("VkCudaLaunchInfoNV.pParams", "arrays of kernel arguments whose sizes only the CUDA module knows", since=269),
    Row("VkCudaLaunchInfoNV.pExtras", "CUDA driver options in an undocumented encoding", since=269),
    Row("VkLayerSettingEXT.pValues", "element type depends on `type`; meant for layers, never for the driver", since=272),
    Row("vkGetLatencyTimingsLegacyNV.pTimings", "undocumented layout", since=350),
    Row("vkGetPhysicalDeviceQueueFamilyDataGraphEngineOperationPropertiesARM.pProperties",
        "any struct that its sType names, by the operation asked for", since=350),
]

# Bytes that shaders get to see: they may hold device addresses.
DATA_FOR_SHADERS = [
    Row("vkCmdPushConstants.pValues", "push constants"),
    Row("vkCmdUpdateBuffer.pData", "contents of a buffer"),
    Row("VkPushConstantsInfoKHR.pValues", "push constants", since=274, until=303),
    Row("VkPushConstantsInfo.pValues", "push constants", since=303),
    Row("VkWriteDescriptorSetInlineUniformBlock.pData", "contents of a uniform block"),
    Row("VkSpecializationInfo.pData", "constants of a shader"),
]

# Inner lengths of arrays of arrays: C expression over the owner, `i` the outer index.
JAGGED = [
    Row("vkCmdBuildAccelerationStructuresKHR.ppBuildRangeInfos", "one array a geometry info; the registry gives only the outer length",
        "(@pInfos ? @pInfos[i].geometryCount : 0)"),
    Row("vkBuildAccelerationStructuresKHR.ppBuildRangeInfos", "one array a geometry info; the registry gives only the outer length",
        "(@pInfos ? @pInfos[i].geometryCount : 0)"),
    Row("vkCmdBuildAccelerationStructuresIndirectKHR.ppMaxPrimitiveCounts",
        "one array a geometry info; the registry gives only the outer length",
        "(@pInfos ? @pInfos[i].geometryCount : 0)"),
]

# What a call's packet holds beside its parameters, for the driver never to see: (C type, name, length), as parameters.
# The layer fills them in before the call; outputs after it.
HOST_BYTES = (("uint64_t", "hostSize", ""), ("const void*", "pHostBytes", "hostSize"), ("uint64_t", "texelSize", ""),
              ("void*", "pTexels", "texelSize"))
READ_BYTES = (("uint64_t", "hostSize", ""), ("void*", "pHostBytes", "hostSize"))
ADDED_PARAMETERS = [
    Row("vkCopyMemoryToImageEXT", "how much the regions read follows from the image's format: their bytes, one after the "
        "other without gaps between rows; of a copy that only the driver can read, its texels, too", HOST_BYTES, since=258,
        until=303),
    Row("vkCopyMemoryToImage", "the same, since it is part of Vulkan 1.4", HOST_BYTES, since=303),
    Row("vkCopyImageToMemoryEXT", "how much the regions write follows from the image's format: their bytes, one after the "
        "other without gaps between rows", READ_BYTES, since=258, until=303),
    Row("vkCopyImageToMemory", "the same, since it is part of Vulkan 1.4", READ_BYTES, since=303),
]

# Parameters typed as the head of any struct, where the specification allows only one.
ACTUAL_TYPES = [
    Row("vkGetPipelinePropertiesEXT.pPipelineProperties", "VUID-vkGetPipelinePropertiesEXT-pPipelineProperties-06739",
        "VkPipelinePropertiesIdentifierEXT"),
]

# Pointers without const that the driver only reads.
INPUTS = [
    Row("VkVideoDecodeH265PictureInfoKHR.pStdPictureInfo", "const is missing in the registry until it left beta"),
    Row("VkImageCompressionControlEXT.pFixedRateFlags", "an input that the registry leaves without const"),
    Row("VkRenderPassPerformanceCountersByRegionBeginInfoARM.pCounterIndices",
        "an input that the registry leaves without const", since=320),
    Row("VkClusterAccelerationStructureOpInputNV.pClustersBottomLevel",
        "an input that the registry leaves without const", since=307),
    Row("VkClusterAccelerationStructureOpInputNV.pTriangleClusters",
        "an input that the registry leaves without const", since=307),
    Row("VkClusterAccelerationStructureOpInputNV.pMoveObjects",
        "an input that the registry leaves without const", since=307),
]

# Fixed arrays of which only the first elements mean something; the rest is whatever the driver left there.
FIXED_COUNTS = [
    Row("VkPhysicalDeviceMemoryProperties.memoryTypes", "only memoryTypeCount are written", "memoryTypeCount"),
    Row("VkPhysicalDeviceMemoryProperties.memoryHeaps", "only memoryHeapCount are written", "memoryHeapCount"),
    Row("VkPhysicalDeviceGroupProperties.physicalDevices", "only physicalDeviceCount are handles", "physicalDeviceCount"),
    Row("VkQueueFamilyGlobalPriorityPropertiesKHR.priorities", "only priorityCount are written", "priorityCount", until=281),
    Row("VkQueueFamilyGlobalPriorityProperties.priorities", "only priorityCount are written", "priorityCount", since=295),
]

# Structs whose visit needs the whole struct in sight of its members' visits: a statement that opens the scope.
SCOPES = [
    Row("VkGraphicsPipelineCreateInfo", "dynamic state decides which members of the viewport state are ignored",
        "PipelineScope<V> scope(v, s);"),
    Row("VkWriteDescriptorSet", "the descriptor type decides which members of the image infos are ignored",
        "DescriptorScope<V> scope(v, s.descriptorType);"),
]

# Members that the specification says are ignored in some state and may then dangle: C condition under which they count.
CONDITIONS = [
    Row("VkBufferCreateInfo.pQueueFamilyIndices", "ignored unless sharingMode is CONCURRENT (VUID-VkBufferCreateInfo-sharingMode-00913)",
        "@sharingMode == VK_SHARING_MODE_CONCURRENT"),
    Row("VkImageCreateInfo.pQueueFamilyIndices", "ignored unless sharingMode is CONCURRENT (VUID-VkImageCreateInfo-sharingMode-00941)",
        "@sharingMode == VK_SHARING_MODE_CONCURRENT"),
    Row("VkSwapchainCreateInfoKHR.pQueueFamilyIndices", "ignored unless imageSharingMode is CONCURRENT",
        "@imageSharingMode == VK_SHARING_MODE_CONCURRENT"),
    Row("VkPhysicalDeviceImageDrmFormatModifierInfoEXT.pQueueFamilyIndices", "ignored unless sharingMode is CONCURRENT",
        "@sharingMode == VK_SHARING_MODE_CONCURRENT"),
    Row("VkFramebufferCreateInfo.pAttachments", "ignored when imageless (VUID-VkFramebufferCreateInfo-flags-02778)",
        "!(@flags & VK_FRAMEBUFFER_CREATE_IMAGELESS_BIT)"),
    Row("VkGraphicsPipelineCreateInfo.pViewportState", "ignored under static rasterizer discard", "usesRasterization(@)"),
    Row("VkGraphicsPipelineCreateInfo.pMultisampleState", "ignored under static rasterizer discard", "usesRasterization(@)"),
    Row("VkGraphicsPipelineCreateInfo.pDepthStencilState",
        "ignored under static rasterizer discard or without a depth/stencil attachment", "usesRasterization(@)"),
    Row("VkGraphicsPipelineCreateInfo.pColorBlendState",
        "ignored under static rasterizer discard or without colour attachments", "usesRasterization(@)"),
    Row("VkGraphicsPipelineCreateInfo.pTessellationState", "ignored without tessellation stages", "usesTessellation(@)"),
    Row("VkGraphicsPipelineCreateInfo.pVertexInputState", "ignored with mesh stages or dynamic vertex input",
        "usesVertexInput(@)"),
    Row("VkGraphicsPipelineCreateInfo.pInputAssemblyState", "ignored with mesh stages", "usesInputAssembly(@)"),
    Row("VkPipelineViewportStateCreateInfo.pViewports", "ignored when the viewport is dynamic (pipeline-wide: see custom.h)",
        "usesStaticViewport(v)"),
    Row("VkPipelineViewportStateCreateInfo.pScissors", "ignored when the scissor is dynamic (pipeline-wide: see custom.h)",
        "usesStaticScissor(v)"),
    Row("VkGraphicsPipelineCreateInfo.basePipelineHandle", "ignored unless the pipeline is a derivative",
        "(pipelineFlags(@) & VK_PIPELINE_CREATE_DERIVATIVE_BIT)"),
    Row("VkComputePipelineCreateInfo.basePipelineHandle", "ignored unless the pipeline is a derivative",
        "(pipelineFlags(@) & VK_PIPELINE_CREATE_DERIVATIVE_BIT)"),
    Row("VkDescriptorImageInfo.sampler", "ignored where the descriptor has no sampler", "hasSampler(v.descriptor_type)"),
    Row("VkDescriptorImageInfo.imageView", "ignored for a sampler alone",
        "v.descriptor_type != VK_DESCRIPTOR_TYPE_SAMPLER"),
    Row("VkDescriptorImageInfo.imageLayout", "ignored for a sampler alone",
        "v.descriptor_type != VK_DESCRIPTOR_TYPE_SAMPLER"),
    Row("VkWriteDescriptorSet.pImageInfo", "only for image and sampler descriptors", "hasImageInfo(@descriptorType)"),
    Row("VkWriteDescriptorSet.pBufferInfo", "only for buffer descriptors", "hasBufferInfo(@descriptorType)"),
    Row("VkWriteDescriptorSet.pTexelBufferView", "only for texel buffer descriptors", "hasTexelBuffer(@descriptorType)"),
    Row("VkDescriptorSetLayoutBinding.pImmutableSamplers", "ignored unless the type has a sampler",
        "hasSampler(@descriptorType)"),
    Row("VkDescriptorUpdateTemplateCreateInfo.descriptorSetLayout", "ignored unless the template is a descriptor set's",
        "@templateType == VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_DESCRIPTOR_SET"),
    Row("VkDescriptorUpdateTemplateCreateInfo.pipelineLayout", "ignored unless the template is for push descriptors",
        "@templateType == VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_PUSH_DESCRIPTORS_KHR"),
]

# Unions without a selector: the arm that carries all of its bits.
UNION_ARMS = [
    Row("VkClearColorValue", "the format that selects the arm is the image's; 16 bytes carry any", "uint32"),
    Row("VkClearValue", "the attachment selects the arm; the colour covers depth and stencil", "color"),
    Row("VkPerformanceCounterResultKHR", "the counter's storage selects the arm; 8 bytes carry any", "uint64"),
    Row("VkPerformanceValueDataINTEL", "selected by VkPerformanceValueINTEL; alone it is 8 bytes", "value64"),
    Row("VkDeviceOrHostAddressKHR", "the build type selects the arm; both are 64 bits", "deviceAddress"),
    Row("VkDeviceOrHostAddressConstKHR", "the build type selects the arm; both are 64 bits", "deviceAddress"),
    Row("VkDeviceOrHostAddressConstAMDX", "device or host by command; both are 64 bits", "deviceAddress", since=260),
    Row("VkPipelineExecutableStatisticValueKHR", "selected by its owner; alone it is 8 bytes", "u64"),
]

# When a call's ticket is taken, where the rule by name in model.py is wrong.
TICKETS = [
    Row("vkQueueWaitIdle", "observes: it returns when the work is done", "kAfter"),
    Row("vkImportSemaphoreFdKHR", "consumes the descriptor", "kBefore"),
    Row("vkImportFenceFdKHR", "consumes the descriptor", "kBefore"),
]

# Calls that the recorder leaves out.
NOT_RECORDED = [
    Row("vkGetInstanceProcAddr", "loader plumbing: asks for entry points, not for anything of the driver"),
    Row("vkGetDeviceProcAddr", "loader plumbing: asks for entry points, not for anything of the driver"),
    Row("vkEnumerateInstanceVersion", "answered by the loader before any layer is in the chain"),
    Row("vkEnumerateInstanceExtensionProperties", "answered by the loader before any layer is in the chain"),
    Row("vkEnumerateInstanceLayerProperties", "answered by the loader before any layer is in the chain"),
    Row("vkEnumerateDeviceLayerProperties", "deprecated; answered by the loader"),
]

# Outputs that hold even when the call returns an error.
OUTPUTS_ON_ERROR = [
    Row("vkCreateGraphicsPipelines", "failed elements are VK_NULL_HANDLE, the others are alive"),
    Row("vkCreateComputePipelines", "failed elements are VK_NULL_HANDLE, the others are alive"),
    Row("vkCreateRayTracingPipelinesKHR", "failed elements are VK_NULL_HANDLE, the others are alive"),
    Row("vkCreateRayTracingPipelinesNV", "failed elements are VK_NULL_HANDLE, the others are alive"),
]

# Numbers of SPIR-V capabilities: vk.xml knows them by name only. From the SPIR-V specification, unified1, 1.6 revision 7,
# "Capability"; a capability of a younger registry that is not here is not judged by the replay.
SPIRV_CAPABILITIES = {
    "Matrix": 0, "Shader": 1, "Geometry": 2, "Tessellation": 3, "Float16": 9, "Float64": 10, "Int64": 11,
    "Int64Atomics": 12, "Int16": 22, "TessellationPointSize": 23, "GeometryPointSize": 24, "ImageGatherExtended": 25,
    "StorageImageMultisample": 27, "UniformBufferArrayDynamicIndexing": 28, "SampledImageArrayDynamicIndexing": 29,
    "StorageBufferArrayDynamicIndexing": 30, "StorageImageArrayDynamicIndexing": 31, "ClipDistance": 32,
    "CullDistance": 33, "ImageCubeArray": 34, "SampleRateShading": 35, "Int8": 39, "InputAttachment": 40,
    "SparseResidency": 41, "MinLod": 42, "Sampled1D": 43, "Image1D": 44, "SampledCubeArray": 45, "SampledBuffer": 46,
    "ImageBuffer": 47, "ImageMSArray": 48, "StorageImageExtendedFormats": 49, "ImageQuery": 50,
    "DerivativeControl": 51, "InterpolationFunction": 52, "TransformFeedback": 53, "GeometryStreams": 54,
    "StorageImageReadWithoutFormat": 55, "StorageImageWriteWithoutFormat": 56, "MultiViewport": 57,
    "GroupNonUniform": 61, "GroupNonUniformVote": 62, "GroupNonUniformArithmetic": 63, "GroupNonUniformBallot": 64,
    "GroupNonUniformShuffle": 65, "GroupNonUniformShuffleRelative": 66, "GroupNonUniformClustered": 67,
    "GroupNonUniformQuad": 68, "ShaderLayer": 69, "ShaderViewportIndex": 70, "CoreBuiltinsARM": 4165,
    "TileImageColorReadAccessEXT": 4166, "TileImageDepthReadAccessEXT": 4167, "TileImageStencilReadAccessEXT": 4168,
    "TensorsARM": 4174, "StorageTensorArrayDynamicIndexingARM": 4175, "StorageTensorArrayNonUniformIndexingARM": 4176,
    "GraphARM": 4191, "Float8EXT": 4212, "Float8CooperativeMatrixEXT": 4213, "Float6EXT": 4228, "Float4EXT": 4229,
    "Float8UnsignedE8M0EXT": 4230, "MXInt8EXT": 4231, "BitcastExtractEXT": 4232, "FragmentShadingRateKHR": 4422,
    "SubgroupBallotKHR": 4423, "DrawParameters": 4427, "WorkgroupMemoryExplicitLayoutKHR": 4428,
    "WorkgroupMemoryExplicitLayout8BitAccessKHR": 4429, "WorkgroupMemoryExplicitLayout16BitAccessKHR": 4430,
    "SubgroupVoteKHR": 4431, "StorageBuffer16BitAccess": 4433, "UniformAndStorageBuffer16BitAccess": 4434,
    "StoragePushConstant16": 4435, "StorageInputOutput16": 4436, "DeviceGroup": 4437, "MultiView": 4439,
    "VariablePointersStorageBuffer": 4441, "VariablePointers": 4442, "SampleMaskPostDepthCoverage": 4447,
    "StorageBuffer8BitAccess": 4448, "UniformAndStorageBuffer8BitAccess": 4449, "StoragePushConstant8": 4450,
    "DenormPreserve": 4464, "DenormFlushToZero": 4465, "SignedZeroInfNanPreserve": 4466, "RoundingModeRTE": 4467,
    "RoundingModeRTZ": 4468, "RayQueryKHR": 4472, "UntypedPointersKHR": 4473, "RayTraversalPrimitiveCullingKHR": 4478,
    "RayTracingKHR": 4479, "TextureSampleWeightedQCOM": 4484, "TextureBoxFilterQCOM": 4485,
    "TextureBlockMatchQCOM": 4486, "TileShadingQCOM": 4495, "CooperativeMatrixConversionQCOM": 4496,
    "TextureBlockMatch2QCOM": 4498, "MultipleWaitQueuesQCOM": 4539, "ImageGatherLinearQCOM": 4543,
    "ImageGatherExtendedModesQCOM": 4544, "ImageGatherBiasLodAMD": 5009, "FragmentMaskAMD": 5010,
    "StencilExportEXT": 5013, "ImageReadWriteLodAMD": 5015, "Int64ImageEXT": 5016, "ShaderClockKHR": 5055,
    "ShaderEnqueueAMDX": 5067, "QuadControlKHR": 5087, "BFloat16TypeKHR": 5116, "BFloat16DotProductKHR": 5117,
    "BFloat16CooperativeMatrixKHR": 5118, "AbortKHR": 5120, "DescriptorHeapEXT": 5128, "ConstantDataKHR": 5146,
    "SampleMaskOverrideCoverageNV": 5249, "GeometryShaderPassthroughNV": 5251, "ShaderViewportIndexLayerEXT": 5254,
    "ShaderViewportIndexLayerNV": 5254, "ShaderViewportMaskNV": 5255, "PerViewAttributesNV": 5260,
    "FragmentFullyCoveredEXT": 5265, "MeshShadingNV": 5266, "ImageFootprintNV": 5282, "MeshShadingEXT": 5283,
    "FragmentBarycentricKHR": 5284, "FragmentBarycentricNV": 5284, "ComputeDerivativeGroupQuadsKHR": 5288,
    "ComputeDerivativeGroupQuadsNV": 5288, "FragmentDensityEXT": 5291, "ShadingRateNV": 5291,
    "GroupNonUniformPartitionedEXT": 5297, "GroupNonUniformPartitionedNV": 5297, "ShaderNonUniform": 5301,
    "RuntimeDescriptorArray": 5302, "InputAttachmentArrayDynamicIndexing": 5303,
    "UniformTexelBufferArrayDynamicIndexing": 5304, "StorageTexelBufferArrayDynamicIndexing": 5305,
    "UniformBufferArrayNonUniformIndexing": 5306, "SampledImageArrayNonUniformIndexing": 5307,
    "StorageBufferArrayNonUniformIndexing": 5308, "StorageImageArrayNonUniformIndexing": 5309,
    "InputAttachmentArrayNonUniformIndexing": 5310, "UniformTexelBufferArrayNonUniformIndexing": 5311,
    "StorageTexelBufferArrayNonUniformIndexing": 5312, "RayTracingPositionFetchKHR": 5336, "RayTracingNV": 5340,
    "RayTracingMotionBlurNV": 5341, "VulkanMemoryModel": 5345, "VulkanMemoryModelDeviceScope": 5346,
    "PhysicalStorageBufferAddresses": 5347, "ComputeDerivativeGroupLinearKHR": 5350,
    "ComputeDerivativeGroupLinearNV": 5350, "CooperativeMatrixNV": 5357, "FragmentShaderSampleInterlockEXT": 5363,
    "FragmentShaderShadingRateInterlockEXT": 5372, "ShaderSMBuiltinsNV": 5373,
    "FragmentShaderPixelInterlockEXT": 5378, "DemoteToHelperInvocation": 5379, "DemoteToHelperInvocationEXT": 5379,
    "RayTracingOpacityMicromapEXT": 5381, "RayTracingOpacityMicromapKHR": 5381, "ShaderInvocationReorderNV": 5383,
    "ShaderInvocationReorderEXT": 5388, "RayQueryPositionFetchKHR": 5391, "CooperativeVectorNV": 5394,
    "AtomicFloat16VectorNV": 5404, "RawAccessChainsNV": 5414, "RayTracingSpheresGeometryNV": 5418,
    "RayTracingLinearSweptSpheresGeometryNV": 5419, "PushConstantBanksNV": 5423, "LongVectorEXT": 5425,
    "Shader64BitIndexingEXT": 5426, "CooperativeMatrixConversionsEXT": 5429, "CooperativeMatrixReductionsEXT": 5430,
    "CooperativeMatrixReductionsNV": 5430, "CooperativeMatrixConversionsNV": 5431,
    "CooperativeMatrixPerElementOperationsEXT": 5432, "CooperativeMatrixPerElementOperationsNV": 5432,
    "CooperativeMatrixTensorAddressingNV": 5433, "CooperativeMatrixBlockLoadsNV": 5434,
    "CooperativeVectorTrainingNV": 5435, "RayTracingClusterAccelerationStructureNV": 5437,
    "CooperativeMatrixGetCoordinateEXT": 5438, "TensorAddressingNV": 5439, "CooperativeMatrixDecodeVectorNV": 5447,
    "IntegerFunctions2INTEL": 5584, "AtomicFloat32MinMaxEXT": 5612, "AtomicFloat64MinMaxEXT": 5613,
    "AtomicFloat16MinMaxEXT": 5616, "ExpectAssumeKHR": 5629, "DotProductInputAll": 6016,
    "DotProductInputAllKHR": 6016, "DotProductInput4x8Bit": 6017, "DotProductInput4x8BitKHR": 6017,
    "DotProductInput4x8BitPacked": 6018, "DotProductInput4x8BitPackedKHR": 6018, "DotProduct": 6019,
    "DotProductKHR": 6019, "RayCullMaskKHR": 6020, "CooperativeMatrixKHR": 6022, "ReplicatedCompositesEXT": 6024,
    "GroupNonUniformRotateKHR": 6026, "FloatControls2": 6029, "FMAKHR": 6030,
    "RayTracingOpacityMicromapExecutionModeKHR": 6032, "AtomicFloat32AddEXT": 6033, "AtomicFloat64AddEXT": 6034,
    "AtomicFloat16AddEXT": 6095, "SplitBarrierEXT": 6141, "DotProductFloat16AccFloat32VALVE": 6912,
    "DotProductFloat16AccFloat16VALVE": 6913, "DotProductBFloat16AccVALVE": 6914,
    "DotProductFloat8AccFloat32VALVE": 6915,
}


def tables():
    return {name: rows for name, rows in globals().items() if name.isupper() and isinstance(rows, list)}


def all_rows():
    return [(table, row) for table, rows in tables().items() for row in rows ]


def names(rows):
    return {row.name for row in rows}


def find(rows, name):
    return next((row for row in rows if row.name == name), None)
