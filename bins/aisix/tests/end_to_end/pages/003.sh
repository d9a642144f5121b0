### create
curl -X POST http://127.0.0.1:3001/aisix/admin/apikeys \
-H "Authorization: Bearer your-strong-admin-key-here" \
-H "Content-Type: application/json" \
-d '{
"key": "my-secret-key",
"allowed_models": ["openai-gpt4-mini"]
}'
### chat
curl http://localhost:3000/v1/chat/completions \
-H "Authorization: Bearer my-secret-key" \
-H "Content-Type: application/json" \
-d '{
"model": "openai-gpt4-mini",
"messages": [...]
}'
