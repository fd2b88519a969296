package onnx

// Field numbers of the messages in onnx.proto, as far as they mean something here.
const (
	modelIRVersion       = 1
	modelProducer        = 2
	modelProducerVersion = 3
	modelDomain          = 4
	modelVersion         = 5
	modelDoc             = 6
	modelGraph           = 7
	modelOpset           = 8
	modelMetadata        = 14
	modelFunctions       = 25

	opsetDomain  = 1
	opsetVersion = 2

	propertyKey   = 1
	propertyValue = 2

	graphNode        = 1
	graphName        = 2
	graphInitializer = 5
	graphDoc         = 10
	graphInput       = 11
	graphOutput      = 12
	graphValue       = 13
	graphSparse      = 15

	nodeInput     = 1
	nodeOutput    = 2
	nodeName      = 3
	nodeOp        = 4
	nodeAttribute = 5
	nodeDoc       = 6
	nodeDomain    = 7

	attributeName      = 1
	attributeFloat     = 2
	attributeInt       = 3
	attributeString    = 4
	attributeTensor    = 5
	attributeGraph     = 6
	attributeFloats    = 7
	attributeInts      = 8
	attributeStrings   = 9
	attributeDoc       = 13
	attributeKind      = 20
	attributeReference = 21

	tensorDims      = 1
	tensorType      = 2
	tensorSegment   = 3
	tensorFloats    = 4
	tensorInt32s    = 5
	tensorInt64s    = 7
	tensorName      = 8
	tensorRaw       = 9
	tensorDoubles   = 10
	tensorUint64s   = 11
	tensorDoc       = 12
	tensorExternal  = 13
	tensorWhere     = 14
	tensorInTheFile = 0 // value of tensorWhere

	valueName = 1
	valueType = 2
	valueDoc  = 3

	typeTensor = 1
	arrayType  = 1
	arrayShape = 2
	shapeDim   = 1
	dimSize    = 1
	dimName    = 2
)

// Kinds of attributes, the values of attributeKind.
const (
	kindFloat   = 1
	kindInt     = 2
	kindString  = 3
	kindTensor  = 4
	kindGraph   = 5
	kindFloats  = 6
	kindInts    = 7
	kindStrings = 8
)
